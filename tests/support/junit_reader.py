"""JUnit as a foreign reader has it."""

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite


def cases_of(suite: TestSuite) -> list[TestCase]:
    return [case for case in suite if isinstance(case, TestCase)]


def read(content: bytes) -> dict[str, TestCase]:
    """The test cases by suite and name, as a foreign reader has them, whose counts agree."""
    document = JUnitXml.fromstring(content)
    found: dict[str, TestCase] = {}
    total = [0, 0, 0, 0]
    for suite in document:
        assert isinstance(suite, TestSuite)
        said = [suite.tests, suite.failures, suite.errors, suite.skipped]
        cases = cases_of(suite)
        results = [result for case in cases for result in case.result]
        kinds = (Failure, Error, Skipped)
        assert said == [len(cases), *(sum(isinstance(r, k) for r in results) for k in kinds)]
        total = [a + b for a, b in zip(total, said, strict=True)]
        found |= {f"{suite.name}/{case.name}": case for case in cases}
    assert total == [document.tests, document.failures, document.errors, document.skipped]
    return found


def is_red(content: bytes) -> bool:
    document = JUnitXml.fromstring(content)
    return bool(document.failures + document.errors)
