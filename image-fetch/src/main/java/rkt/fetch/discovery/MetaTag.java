package rkt.fetch.discovery;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import rkt.spec.ImageName;

/**
 * A {@code <meta>} of discovery: for the names below {@code prefix}, {@code value} is a template or
 * a URL. spec/discovery.md#pages
 */
record MetaTag(ImageName prefix, String value) {
  private static final int MOST = 100;

  /**
   * The tags called {@code name} in the head of a page, in order. What stands in the body may have
   * been written by anybody, and is not looked at; a tag that cannot be read is none.
   */
  static List<MetaTag> read(byte[] page, String name) {
    Document document = Jsoup.parse(new String(page, StandardCharsets.UTF_8));
    List<MetaTag> tags = new ArrayList<>();
    for (Element meta : document.head().getElementsByTag("meta")) {
      if (!meta.attr("name").equals(name) || tags.size() == MOST) {
        continue;
      }
      String[] words = meta.attr("content").trim().split("\\s+", -1);
      if (words.length == 2) {
        prefix(words[0]).ifPresent(prefix -> tags.add(new MetaTag(prefix, words[1])));
      }
    }
    return tags;
  }

  /** A prefix that is no name covers none. */
  private static Optional<ImageName> prefix(String text) {
    try {
      return Optional.of(new ImageName(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
