package rkt.fetch.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Signature Version 4, by the examples of Amazon's own documentation of S3. */
final class AwsSignerTest {
  private static final Instant NOW = Instant.parse("2013-05-24T00:00:00Z");
  private static final AwsSigner SIGNER =
      new AwsSigner(
          "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1");

  private static String authorization(String path, Map<String, String> more) {
    URI uri = URI.create("https://examplebucket.s3.amazonaws.com" + path);
    return SIGNER.headers("GET", uri, more, NOW).getOrDefault("Authorization", "");
  }

  @Test
  void anObjectIsSignedWithTheHeadersThatAreNamed() {
    assertThat(authorization("/test.txt", Map.of("Range", "bytes=0-9")))
        .isEqualTo(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  }

  @ParameterizedTest
  @CsvSource({
    "?lifecycle, fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    "?prefix=J&max-keys=2, 34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  })
  void parametersAreSignedInOrder(String query, String signature) {
    assertThat(authorization("/" + query, Map.of())).endsWith("Signature=" + signature);
  }

  @ParameterizedTest
  @CsvSource({
    "/a+b, /a%2Bb",
    "/a%2bb@c=d:e, /a%2Bb%40c%3Dd%3Ae",
    "/%61%2D%7e!, /a-~%21",
    "/ä, /%C3%A4",
    "/x?k=a/b:c, /x?k=a%2Fb%3Ac",
    "/x?a%2db=c%20d+e, /x?a-b=c%20d%2Be",
    "/x?k=a=b, /x?k=a%3Db",
  })
  void everyWayToWriteAUrlIsSignedAlike(String one, String other) {
    assertThat(authorization(one, Map.of())).isEqualTo(authorization(other, Map.of()));
  }

  @Test
  void anEscapedSlashSeparatesNothing() {
    assertThat(authorization("/a%2Fb", Map.of())).isNotEqualTo(authorization("/a/b", Map.of()));
  }

  @Test
  void whatTheServiceEscapesIsSignedEscaped() {
    // Calculated for the canonical "/a%2Bb%40c%3D%C3%A4" with "k=a%2Fb%20c%2B".
    assertThat(authorization("/a+b@c=ä?k=a/b%20c%2b", Map.of()))
        .endsWith("Signature=238d5ec577ef5d6c07ff83e06a8c1b5f9c9cfb50fa3906af218973dc1f64fb23");
  }

  @ParameterizedTest
  @CsvSource({
    "s3.eu-central-1.amazonaws.com, eu-central-1",
    "bucket.s3-us-gov-west-1.amazonaws.com, us-gov-west-1",
    "bucket.s3.cn-north-1.amazonaws.com.cn, cn-north-1",
    "s3.amazonaws.com, us-east-1",
    "s3.eu-central-1.amazonaws.com.example.com, us-east-1",
  })
  void aRegionIsTakenFromTheNameOfTheHost(String host, String region) {
    assertThat(AwsSigner.regionOf(host)).isEqualTo(region);
  }

  @Test
  void aPortThatIsNotTheUsualOneIsPartOfTheHost() {
    String usual = signature("https://s3.example.com/a");
    assertThat(signature("https://s3.example.com:443/a")).isEqualTo(usual);
    assertThat(signature("https://s3.example.com:8443/a")).isNotEqualTo(usual);
  }

  private static String signature(String uri) {
    return SIGNER.headers("GET", URI.create(uri), Map.of(), NOW).getOrDefault("Authorization", "");
  }
}
