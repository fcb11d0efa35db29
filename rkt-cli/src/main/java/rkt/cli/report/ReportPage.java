package rkt.cli.report;

import java.io.IOException;
import java.io.Writer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import rkt.cli.report.ReportTable.Column;
import rkt.spec.Printable;
import rkt.verify.audit.AuditCheck;

/**
 * A report as one HTML page that loads nothing. Its program draws the tables and the timeline from
 * the data in it; without scripts there are plain tables. spec/audit.md#report
 */
public final class ReportPage {
  /** Rows of a plain table: a page without scripts must still open. */
  private static final int MOST_PLAIN_ROWS = 5000;

  private static final int MOST_PROBLEMS = 100;

  /**
   * What the page says of itself.
   *
   * @param host whose log it is
   * @param log where that is
   * @param filters what was asked for, as typed; empty for everything
   * @param made when the report was made
   * @param version of the program
   */
  public record About(String host, String log, List<String> filters, Instant made, String version) {
    public About {
      filters = List.copyOf(filters);
    }
  }

  private final ReportModel model;
  private final AuditCheck check;
  private final About about;
  private final List<ReportTable> tables;

  public ReportPage(ReportModel model, AuditCheck check, About about) {
    this.model = model;
    this.check = check;
    this.about = about;
    this.tables = model.tables();
  }

  /** Writes the page; does not close {@code out}. */
  public void write(Writer out) throws IOException {
    String style = Html.resource("report.css");
    String script = Html.resource("report.js");
    out.write("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.write(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ");
    out.write(Html.source(style));
    out.write("; script-src ");
    out.write(Html.source(script));
    out.write("; base-uri 'none'; form-action 'none';");
    out.write(" require-trusted-types-for 'script'; trusted-types 'none'\">\n");
    out.write("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.write("<meta name=\"referrer\" content=\"no-referrer\">\n");
    out.write("<meta name=\"color-scheme\" content=\"light dark\">\n<title>Audit report, ");
    out.write(text(about.host()));
    out.write("</title>\n<style>");
    out.write(style);
    out.write("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#tables\">To the tables</a>\n");
    head(out);
    chain(out);
    figures(out);
    timeline(out);
    controls(out);
    out.write("<main id=\"tables\">\n");
    for (ReportTable table : tables) {
      section(out, table);
    }
    out.write("</main>\n");
    foot(out);
    out.write("<script type=\"application/json\" id=\"data\">");
    data(out);
    out.write("</script>\n<script>");
    out.write(script);
    out.write("</script>\n</body>\n</html>\n");
  }

  private static String text(String text) {
    return Html.text(Printable.of(text));
  }

  private static String time(long millis) {
    return millis == ReportTable.NONE
        ? ""
        : Instant.ofEpochMilli(millis)
            .truncatedTo(ChronoUnit.SECONDS)
            .toString()
            .replace("T", " ")
            .replace("Z", "");
  }

  private static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private void head(Writer out) throws IOException {
    ReportModel.Figures figures = model.figures();
    out.write("<header class=\"head\">\n<p class=\"kind\">rkt audit report</p>\n<h1>");
    out.write(text(about.host()));
    out.write("</h1>\n<p class=\"range\">");
    if (figures.records == 0) {
      out.write("No records");
    } else {
      out.write("<time>" + time(figures.first) + "</time> <span class=\"to\">to</span> ");
      out.write("<time>" + time(figures.last) + "</time>");
    }
    out.write(" <span class=\"utc\">UTC</span></p>\n<dl class=\"facts\">");
    fact(out, "Made", time(about.made().toEpochMilli()));
    fact(out, "Log", about.log());
    fact(out, "By", "rkt " + about.version());
    if (!about.filters().isEmpty()) {
      fact(out, "Only", String.join(" ", about.filters()));
    }
    out.write("</dl>\n</header>\n");
  }

  private static void fact(Writer out, String name, String value) throws IOException {
    out.write("<div><dt>" + name + "</dt><dd>" + text(value) + "</dd></div>");
  }

  private void chain(Writer out) throws IOException {
    List<String> problems = check.problems();
    if (problems.isEmpty()) {
      out.write("<section class=\"chain intact\" aria-label=\"State of the log\">\n");
      out.write(
          "<p class=\"seal\" aria-hidden=\"true\">\u2713</p>\n<div><h2>The log is intact</h2>\n<p>");
      out.write(count(check.records()) + (check.records() == 1 ? " record" : " records") + " in ");
      out.write(check.segments() + (check.segments() == 1 ? " file" : " files"));
      out.write(
          ", each tied to the one before it by its hash. No record was altered, removed, put in,");
      out.write(
          " reordered or cut off. Keep the head of the chain somewhere else, and <code>rkt audit");
      out.write(" verify --head</code> proves later that the log still goes through it:</p>\n");
      out.write(
          "<p class=\"headline\"><code>" + text(check.end().toString()) + "</code></p></div>\n");
    } else {
      out.write("<section class=\"chain broken\" role=\"alert\">\n");
      out.write(
          "<p class=\"seal\" aria-hidden=\"true\">\u2715</p>\n<div><h2>The log was changed</h2>\n");
      out.write("<p>What this page shows cannot be relied upon: ");
      out.write("the chain of hashes does not hold. Keep the log as evidence.</p>\n<ol>");
      for (String problem : problems.subList(0, Math.min(MOST_PROBLEMS, problems.size()))) {
        out.write("<li>" + text(problem) + "</li>");
      }
      out.write("</ol></div>\n");
    }
    out.write("</section>\n");
  }

  private void figures(Writer out) throws IOException {
    ReportModel.Figures figures = model.figures();
    out.write("<ul class=\"figures\" aria-label=\"Figures\">\n");
    figure(out, "", figures.pods, figures.pods == 1 ? "pod started" : "pods started");
    figure(out, "", model.imagesRun(), model.imagesRun() == 1 ? "image ran" : "images ran");
    figure(out, "accepted", model.signerCount(), model.signerCount() == 1 ? "signer" : "signers");
    figure(out, "bypassed", figures.bypassed, "bypassed");
    figure(out, "refused", figures.refused, "refused");
    figure(
        out,
        "",
        figures.trustChanges,
        figures.trustChanges == 1 ? "change of trust" : "changes of trust");
    figure(out, "", figures.fetched, figures.fetched == 1 ? "image fetched" : "images fetched");
    out.write("</ul>\n");
  }

  private static void figure(Writer out, String meaning, long number, String label)
      throws IOException {
    String kind = number == 0 ? "zero" : meaning;
    out.write("<li class=\"" + kind + "\"><b>" + count(number) + "</b> <span>" + label);
    out.write("</span></li>\n");
  }

  private static void timeline(Writer out) throws IOException {
    out.write(
        """
        <section class="timeline js" hidden aria-label="Timeline">
        <div class="bar"><h2>Timeline</h2><p id="span" aria-live="polite"></p><div class="buttons">
        <button type="button" id="zoom-in" title="Zoom in (+)">+</button>\
        <button type="button" id="zoom-out" title="Zoom out (\u2212)">\u2212</button>\
        <button type="button" id="zoom-all" title="Everything (0)">All</button></div></div>
        <div id="plot" tabindex="0" role="group" aria-describedby="plot-help"></div>
        <p class="help" id="plot-help">Drag to choose a span of time; the tables follow. \
        With the keyboard: <kbd>\u2190</kbd> <kbd>\u2192</kbd> move, <kbd>+</kbd> <kbd>\u2212</kbd> zoom, \
        <kbd>0</kbd> shows everything.</p>
        </section>
        """);
  }

  private void controls(Writer out) throws IOException {
    out.write(
        """
        <form class="controls js" hidden role="search">
        <label class="search"><span class="hidden">Find</span>\
        <input type="search" id="find" autocomplete="off" spellcheck="false" \
        placeholder="Find a name, an image, a pod, a key"></label>
        <div class="chips" role="group" aria-label="Outcomes">\
        <button type="button" data-outcome="1" class="accepted" aria-pressed="true">\u2713 Accepted</button>\
        <button type="button" data-outcome="2" class="bypassed" aria-pressed="true">\u25b2 Bypassed</button>\
        <button type="button" data-outcome="3" class="refused" aria-pressed="true">\u2715 Refused</button></div>
        <button type="button" id="reset">Reset</button>
        """);
    out.write("<nav class=\"jump\" aria-label=\"Tables\">");
    for (ReportTable table : tables) {
      out.write("<a href=\"#" + table.id() + "\">" + table.title() + "</a>");
    }
    out.write("</nav>\n</form>\n");
  }

  private void section(Writer out, ReportTable table) throws IOException {
    int rows = table.rows().size();
    out.write("<section class=\"table\" id=\"" + table.id() + "\">\n<div class=\"bar\"><h2>");
    out.write(table.title());
    out.write(" <span class=\"total\">" + count(rows) + "</span></h2><p>" + table.note());
    out.write("</p></div>\n<div class=\"live\"></div>\n");
    if (rows == 0) {
      out.write("<p class=\"none\">None.</p>\n");
    } else {
      out.write("<noscript>\n");
      plain(out, table);
      out.write("</noscript>\n");
    }
    out.write("</section>\n");
  }

  /** A table that needs no script: the latest rows. */
  private void plain(Writer out, ReportTable table) throws IOException {
    List<long[]> rows = table.rows();
    int from = Math.max(0, rows.size() - MOST_PLAIN_ROWS);
    if (from > 0) {
      out.write("<p class=\"none\">The last " + count(MOST_PLAIN_ROWS) + " of them; ");
      out.write("with scripts this page shows all, and so does <code>rkt audit log</code>.</p>\n");
    }
    out.write("<table><thead><tr>");
    for (Column column : table.columns()) {
      out.write("<th scope=\"col\">" + column.label() + "</th>");
    }
    out.write("</tr></thead>\n<tbody>\n");
    for (long[] row : rows.subList(from, rows.size())) {
      out.write("<tr>");
      for (int i = 0; i < row.length; i++) {
        cell(out, table.columns().get(i), row[i]);
      }
      out.write("</tr>\n");
    }
    out.write("</tbody></table>\n");
  }

  private void cell(Writer out, Column column, long value) throws IOException {
    String label = " data-label=\"" + column.label() + "\"";
    if (value == ReportTable.NONE) {
      out.write("<td class=\"empty\"" + label + "></td>");
      return;
    }
    String content =
        switch (column.kind()) {
          case TIME -> time(value);
          case TEXT, HASH -> Html.text(model.texts().at(value));
          case COUNT -> Long.toString(value);
          case OUTCOME -> {
            Outcome outcome = Outcome.of(value);
            yield outcome == Outcome.NONE
                ? ""
                : "<span class=\"pill "
                    + outcome.label()
                    + "\">"
                    + outcome.sign()
                    + " "
                    + outcome.label()
                    + "</span>";
          }
        };
    out.write("<td class=\"" + column.kind().label() + "\"" + label + ">" + content + "</td>");
  }

  private static void foot(Writer out) throws IOException {
    out.write("<footer><p>All times are UTC. This page holds its data and loads nothing. ");
    out.write(
        "It is as good as the log it was made from: <code>rkt audit verify</code> checks that");
    out.write(" again.</p></footer>\n");
  }

  private void data(Writer out) throws IOException {
    out.write("{\"texts\":[");
    List<String> texts = model.texts().all();
    for (int i = 0; i < texts.size(); i++) {
      out.write(i == 0 ? "" : ",");
      Html.json(out, texts.get(i));
    }
    out.write("],\"tables\":[");
    String separator = "";
    for (ReportTable table : tables) {
      out.write(separator + "\n{\"id\":\"" + table.id() + "\",\"columns\":[");
      separator = "";
      for (Column column : table.columns()) {
        out.write(separator + "{\"label\":\"" + column.label() + "\",\"kind\":\"");
        out.write(column.kind().label() + "\"}");
        separator = ",";
      }
      out.write("],\"rows\":[");
      rows(out, table.rows());
      out.write("]}");
      separator = ",";
    }
    out.write("]}");
  }

  private static void rows(Writer out, List<long[]> rows) throws IOException {
    StringBuilder line = new StringBuilder(128);
    for (int i = 0; i < rows.size(); i++) {
      line.setLength(0);
      line.append(i == 0 ? "[" : ",[");
      for (long value : rows.get(i)) {
        line.append(value).append(',');
      }
      line.setCharAt(line.length() - 1, ']');
      out.append(line);
    }
  }
}
