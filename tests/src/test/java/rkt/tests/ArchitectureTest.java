package rkt.tests;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The arrows of the design: which module may know which, and where each outside library lives. */
class ArchitectureTest {
  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("rkt");

  @Test
  void modulesKnowOnlyWhatIsBelowThem() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("cli")
        .definedBy("rkt.cli..")
        .layer("fetch")
        .definedBy("rkt.fetch..")
        .layer("verify")
        .definedBy("rkt.verify..")
        .layer("stage1")
        .definedBy("rkt.stage1..")
        .layer("kernel")
        .definedBy("rkt.kernel..")
        .layer("spec")
        .definedBy("rkt.spec..")
        .whereLayer("cli")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("fetch")
        .mayOnlyBeAccessedByLayers("cli")
        .whereLayer("verify")
        .mayOnlyBeAccessedByLayers("cli", "stage1")
        .whereLayer("stage1")
        .mayOnlyBeAccessedByLayers("cli")
        .whereLayer("kernel")
        .mayOnlyBeAccessedByLayers("stage1")
        .check(ALL);
  }

  @Test
  void onlyTheKernelPackageKnowsJnr() {
    noClasses()
        .that()
        .resideOutsideOfPackage("rkt.kernel..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("jnr..", "com.kenai.jffi..")
        .check(ALL);
  }

  @Test
  void onlyImageVerifyKnowsBouncyCastle() {
    noClasses()
        .that()
        .resideOutsideOfPackage("rkt.verify..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bouncycastle..")
        .check(ALL);
  }

  @Test
  void onlyTheCommandLineAndTheThinMainsKnowPicocli() {
    noClasses()
        .that()
        .resideOutsideOfPackages("rkt.cli..", "rkt.*.main..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("picocli..")
        .check(ALL);
  }

  @Test
  void onlyDiscoveryReadsHtml() {
    noClasses()
        .that()
        .resideOutsideOfPackage("rkt.fetch.discovery..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.jsoup..")
        .check(ALL);
  }

  @Test
  void onlyTheStrictReadersKnowJackson() {
    noClasses()
        .that()
        .resideOutsideOfPackages("rkt.spec.json..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.fasterxml.jackson..")
        .allowEmptyShould(true)
        .check(ALL);
  }

  @Test
  void onlyTheCommandLineAndTheThinMainsExit() {
    noClasses()
        .that()
        .resideOutsideOfPackages("rkt.cli..", "rkt.*.main..")
        .should()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .check(ALL);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("rkt.(**)").should().beFreeOfCycles().check(ALL);
  }

  @Test
  void everyClassIsInANamedPackageOfItsModule() {
    classes().should().resideInAPackage("rkt..").check(ALL);
  }
}
