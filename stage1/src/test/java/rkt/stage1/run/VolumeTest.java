package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rkt.spec.ErrorClass;
import rkt.stage1.StageException;

class VolumeTest {
  @Test
  void aHostVolumeIsADirectoryOrFileOfTheHost() throws Exception {
    assertThat(Volume.parse("data,kind=host,source=/srv/data"))
        .isEqualTo(new Volume.Host("data", Path.of("/srv/data"), false, true));
    assertThat(Volume.parse("d,source=/a/./b,recursive=false,readOnly=true,kind=host"))
        .isEqualTo(new Volume.Host("d", Path.of("/a/b"), true, false));
  }

  @Test
  void anEmptyVolumeHasAnOwnerAndAMode() throws Exception {
    assertThat(Volume.parse("tmp,kind=empty"))
        .isEqualTo(new Volume.Empty("tmp", false, 0755, 0, 0));
    assertThat(Volume.parse("tmp,kind=empty,mode=1777,uid=33,gid=44"))
        .isEqualTo(new Volume.Empty("tmp", false, 01777, 33, 44));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "data|kind must be host or empty",
        "data,kind=nfs|kind must be host or empty",
        "Data,kind=empty|\"Data\" is not a name of lowercase letters, digits and dashes",
        "../x,kind=empty|\"../x\" is not a name of lowercase letters, digits and dashes",
        "d,kind=host|source must be an absolute path",
        "d,kind=host,source=srv|source must be an absolute path",
        "d,kind=host,source=/a,source=/b|\"source=/b\" is not a new KEY=VALUE",
        "d,kind=host,source=/a,=x|\"=x\" is not a new KEY=VALUE",
        "d,kind=host,source=/a,|\"\" is not a new KEY=VALUE",
        "d,kind=host,source=/a,mode=755|unknown option mode",
        "d,kind=host,source=/a,readOnly=yes|\"yes\" is neither true nor false",
        "d,kind=empty,source=/a|unknown option source",
        "d,kind=empty,mode=rwx|\"rwx\" is out of range",
        "d,kind=empty,mode=-1|\"-1\" is out of range",
        "d,kind=empty,mode=10000|\"10000\" is out of range",
        "d,kind=empty,uid=-1|\"-1\" is out of range",
        "d,kind=empty,uid=4294967296|\"4294967296\" is out of range",
      })
  void whatCannotBeReadIsAUsageErrorThatShowsIt(String text, String why) {
    assertThatThrownBy(() -> Volume.parse(text))
        .hasMessage("cannot read the volume \"" + text + "\": " + why)
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE));
  }
}
