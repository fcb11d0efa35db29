/**
 * The audit log as a page for people. Knows records and HTML, and neither the command line nor
 * where the records are.
 */
@NullMarked
package rkt.cli.report;

import org.jspecify.annotations.NullMarked;
