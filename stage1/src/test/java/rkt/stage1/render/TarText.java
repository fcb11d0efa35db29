package rkt.stage1.render;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Builds the tars that spec/vectors/tar describes as text; spec/vectors/tar/README.md. */
final class TarText {
  private static final int BLOCK = 512;

  /** One line {@code expect …}, as words. */
  record Expectation(List<String> words) {}

  final List<byte[]> layers = new ArrayList<>();
  final List<Expectation> expectations = new ArrayList<>();
  boolean aci;

  private ByteArrayOutputStream tar = new ByteArrayOutputStream();
  private String end = "two";

  static TarText read(Path file, String sentinel) throws Exception {
    TarText text = new TarText();
    for (String line : Files.readAllLines(file, StandardCharsets.US_ASCII)) {
      if (!line.isBlank() && !line.startsWith("#")) {
        text.line(line.replace("%SENT%", sentinel).trim().split("\\s+"));
      }
    }
    text.endLayer();
    return text;
  }

  private void line(String[] words) {
    switch (words[0]) {
      case "aci" -> aci = true;
      case "layer" -> endLayer();
      case "end" -> end = words[1];
      case "expect" -> expectations.add(new Expectation(List.of(words).subList(1, words.length)));
      case "repeat" -> {
        String[] rest = java.util.Arrays.copyOfRange(words, 2, words.length);
        for (int i = 0; i < Integer.parseInt(words[1]); i++) {
          String[] copy = rest.clone();
          copy[1] = copy[1].replace("%N%", "" + i);
          entry(copy);
        }
      }
      default -> entry(words);
    }
  }

  private void endLayer() {
    switch (end) {
      case "two" -> tar.writeBytes(new byte[2 * BLOCK]);
      case "none" -> {}
      case "lone" -> tar.writeBytes(new byte[BLOCK]);
      case "cut" -> {
        byte[] all = tar.toByteArray();
        tar.reset();
        tar.write(all, 0, all.length - 100);
      }
      case "more" -> {
        tar.writeBytes(new byte[2 * BLOCK]);
        tar.writeBytes(bytes("this is hashed and not read"));
      }
      default -> throw new IllegalArgumentException(end);
    }
    layers.add(tar.toByteArray());
    tar = new ByteArrayOutputStream();
    end = "two";
  }

  /** {@code TYPE NAME [key=value]…} */
  private void entry(String[] words) {
    Map<String, String> options = new TreeMap<>();
    ByteArrayOutputStream pax = new ByteArrayOutputStream();
    for (int i = 2; i < words.length; i++) {
      int equals = words[i].indexOf('=');
      String key = words[i].substring(0, equals);
      String value = words[i].substring(equals + 1);
      if (key.startsWith("pax.")) {
        pax.writeBytes(record(bytes(key.substring(4)), bytes(value)));
      } else {
        options.put(key, value);
      }
    }
    if (options.containsKey("paxraw")) {
      pax.writeBytes(bytes(options.get("paxraw")));
    }
    byte type = type(words[0]);
    byte[] name = bytes(words[1]);
    byte[] content = content(options);
    byte[] link = bytes(options.getOrDefault("link", ""));
    if (pax.size() > 0) {
      byte paxType = (byte) (options.containsKey("global") ? 'g' : 'x');
      block(bytes("pax"), paxType, new byte[0], pax.toByteArray(), Map.of());
    }
    if (options.containsKey("long") || name.length > 100) {
      block(bytes("././@LongLink"), (byte) 'L', new byte[0], name, Map.of());
      name = java.util.Arrays.copyOf(name, Math.min(name.length, 90));
    }
    if (link.length > 100) {
      block(bytes("././@LongLink"), (byte) 'K', new byte[0], link, Map.of());
      link = java.util.Arrays.copyOf(link, 90);
    }
    block(name, type, link, content, options);
  }

  private void block(
      byte[] name, byte type, byte[] link, byte[] content, Map<String, String> options) {
    byte[] header = new byte[BLOCK];
    System.arraycopy(name, 0, header, 0, name.length);
    octal(header, 100, 8, Integer.parseInt(options.getOrDefault("mode", "644"), 8));
    octal(header, 108, 8, Long.parseLong(options.getOrDefault("uid", "" + Vectors.OWN_UID)));
    octal(header, 116, 8, Long.parseLong(options.getOrDefault("gid", "" + Vectors.OWN_GID)));
    octal(header, 124, 12, Long.parseLong(options.getOrDefault("size", "" + content.length)));
    octal(header, 136, 12, Long.parseLong(options.getOrDefault("mtime", "1000000000")));
    header[156] = type;
    System.arraycopy(link, 0, header, 157, link.length);
    System.arraycopy(bytes("ustar\\x0000"), 0, header, 257, 8);
    byte[] prefix = bytes(options.getOrDefault("prefix", ""));
    System.arraycopy(prefix, 0, header, 345, prefix.length);
    byte[] poke = bytes(options.getOrDefault("poke", ""));
    int at = Integer.parseInt(options.getOrDefault("at", "0"));
    System.arraycopy(poke, 0, header, at, poke.length);
    int sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
    }
    octal(header, 148, 8, options.containsKey("badsum") ? sum + 1 : sum);
    tar.writeBytes(header);
    tar.writeBytes(content);
    tar.writeBytes(new byte[-content.length & (BLOCK - 1)]);
  }

  private static byte[] content(Map<String, String> options) {
    if (options.containsKey("zeros")) {
      return new byte[Integer.parseInt(options.get("zeros"))];
    }
    return bytes(options.getOrDefault("data", ""));
  }

  private static byte type(String word) {
    return switch (word) {
      case "file" -> '0';
      case "hardlink" -> '1';
      case "symlink" -> '2';
      case "char" -> '3';
      case "block" -> '4';
      case "dir" -> '5';
      case "fifo" -> '6';
      default -> {
        if (!word.startsWith("type-")) {
          throw new IllegalArgumentException(word);
        }
        yield bytes(word.substring(5))[0];
      }
    };
  }

  private static byte[] record(byte[] key, byte[] value) {
    int rest = key.length + value.length + 3;
    int length = rest + ("" + rest).length();
    length = rest + ("" + length).length();
    ByteArrayOutputStream record = new ByteArrayOutputStream();
    record.writeBytes(bytes(length + "\\x20"));
    record.writeBytes(key);
    record.write('=');
    record.writeBytes(value);
    record.write('\n');
    return record.toByteArray();
  }

  private static void octal(byte[] header, int at, int length, long value) {
    String digits = Long.toOctalString(value);
    String padded = "0".repeat(length - 1 - digits.length()) + digits;
    System.arraycopy(bytes(padded), 0, header, at, length - 1);
  }

  /** {@code \xNN} is a byte, {@code %aN%} the letter a N times, all else itself. */
  static byte[] bytes(String text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); i++) {
      if (text.startsWith("\\x", i)) {
        out.write(Integer.parseInt(text.substring(i + 2, i + 4), 16));
        i += 3;
      } else if (text.startsWith("%a", i)) {
        int stop = text.indexOf('%', i + 1);
        out.writeBytes(repeat("a", text.substring(i + 2, stop)));
        i = stop;
      } else if (text.startsWith("%d", i)) {
        int stop = text.indexOf('%', i + 1);
        out.writeBytes(repeat("d/", text.substring(i + 2, stop)));
        i = stop;
      } else if (text.startsWith("%z", i)) {
        int stop = text.indexOf('%', i + 1);
        out.writeBytes(new byte[Integer.parseInt(text.substring(i + 2, stop))]);
        i = stop;
      } else {
        out.write(text.charAt(i));
      }
    }
    return out.toByteArray();
  }

  private static byte[] repeat(String what, String times) {
    return what.repeat(Integer.parseInt(times)).getBytes(StandardCharsets.US_ASCII);
  }
}
