package rkt.fetch.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import rkt.spec.Digest;

/**
 * Signs requests without a body for Amazon S3, and what speaks like it, by Signature Version 4.
 * spec/configuration.md#auth
 */
final class AwsSigner {
  private static final String ALGORITHM = "AWS4-HMAC-SHA256";
  private static final String SERVICE = "s3";
  private static final String USUAL_REGION = "us-east-1";

  /** {@code s3.eu-west-1.amazonaws.com}, {@code bucket.s3-eu-west-1.amazonaws.com}. */
  private static final Pattern REGION =
      Pattern.compile("(?:.*\\.)?s3[.-]([a-z]{2}(?:-[a-z]+)+-[0-9])\\.amazonaws\\.com(?:\\.cn)?");

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT);

  private final String id;
  private final String secret;
  private final String region;

  /**
   * @param id of the key
   * @param secret the key
   * @param region empty for the one that the name of a host says
   */
  AwsSigner(String id, String secret, String region) {
    this.id = id;
    this.secret = secret;
    this.region = region;
  }

  /**
   * The headers that sign a request.
   *
   * @param method such as {@code GET}
   * @param more headers of the request that are to be signed too
   */
  Map<String, String> headers(String method, URI uri, Map<String, String> more, Instant now) {
    String time = TIME.format(LocalDateTime.ofInstant(now, ZoneOffset.UTC));
    String empty = Digest.sha256(new byte[0]).hex();
    TreeMap<String, String> signed = new TreeMap<>();
    more.forEach((name, value) -> signed.put(name.toLowerCase(Locale.ROOT), value.strip()));
    int usual = "http".equals(uri.getScheme()) ? 80 : 443;
    boolean plain = uri.getPort() < 0 || uri.getPort() == usual;
    signed.put("host", plain ? uri.getHost() : uri.getHost() + ":" + uri.getPort());
    signed.put("x-amz-content-sha256", empty);
    signed.put("x-amz-date", time);
    String names = String.join(";", signed.keySet());
    StringBuilder request = new StringBuilder(method).append('\n');
    request.append(uri.getRawPath().isEmpty() ? "/" : encoded(uri.getRawPath(), true)).append('\n');
    request.append(query(uri.getRawQuery())).append('\n');
    signed.forEach((name, value) -> request.append(name).append(':').append(value).append('\n'));
    request.append('\n').append(names).append('\n').append(empty);
    String where = region.isEmpty() ? regionOf(uri.getHost()) : region;
    String day = time.substring(0, 8);
    String scope = day + "/" + where + "/" + SERVICE + "/aws4_request";
    String text =
        ALGORITHM
            + "\n"
            + time
            + "\n"
            + scope
            + "\n"
            + Digest.sha256(request.toString().getBytes(UTF_8)).hex();
    byte[] key = ("AWS4" + secret).getBytes(UTF_8);
    for (String part : new String[] {day, where, SERVICE, "aws4_request"}) {
      key = hmac(key, part);
    }
    String signature = HexFormat.of().formatHex(hmac(key, text));
    return Map.of(
        "x-amz-date",
        time,
        "x-amz-content-sha256",
        empty,
        "Authorization",
        ALGORITHM
            + " Credential="
            + id
            + "/"
            + scope
            + ",SignedHeaders="
            + names
            + ",Signature="
            + signature);
  }

  static String regionOf(String host) {
    Matcher matcher = REGION.matcher(host);
    return matcher.matches() ? matcher.group(1) : USUAL_REGION;
  }

  /** The parameters in order, each with its {@code =}. */
  private static String query(String raw) {
    if (raw == null || raw.isEmpty()) {
      return "";
    }
    List<String> parameters = new ArrayList<>();
    for (String parameter : raw.split("&", -1)) {
      int equals = parameter.indexOf('=');
      String name = equals < 0 ? parameter : parameter.substring(0, equals);
      String value = equals < 0 ? "" : parameter.substring(equals + 1);
      parameters.add(encoded(name, false) + "=" + encoded(value, false));
    }
    parameters.sort(null);
    return String.join("&", parameters);
  }

  /**
   * A piece of a URL as the service writes it to check a signature: every byte in percent but
   * letters, digits and {@code -._~}, whichever way the URL has it.
   */
  private static String encoded(String raw, boolean isPath) {
    StringBuilder text = new StringBuilder();
    byte[] bytes = raw.getBytes(UTF_8);
    for (int i = 0; i < bytes.length; i++) {
      byte octet = bytes[i];
      boolean isSlash = isPath && octet == '/';
      if (octet == '%' && i + 2 < bytes.length) {
        octet = (byte) (16 * Character.digit(bytes[i + 1], 16) + Character.digit(bytes[i + 2], 16));
        i += 2;
      }
      if (isSlash || isPlain(octet)) {
        text.append((char) octet);
      } else {
        text.append('%').append(HexFormat.of().withUpperCase().toHexDigits(octet));
      }
    }
    return text.toString();
  }

  private static boolean isPlain(byte octet) {
    return (octet >= 'A' && octet <= 'Z')
        || (octet >= 'a' && octet <= 'z')
        || (octet >= '0' && octet <= '9')
        || "-._~".indexOf(octet) >= 0;
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text.getBytes(UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256", e);
    }
  }
}
