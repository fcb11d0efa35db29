@NullMarked
package rkt.stage1.launch;

import org.jspecify.annotations.NullMarked;
