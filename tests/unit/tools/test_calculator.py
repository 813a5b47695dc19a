"""The calculator: exact where that is possible, bounded where it is not, and never a program."""

from __future__ import annotations

import contextlib
import time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artel.tools.builtin.calculator.functions import FUNCTIONS
from artel.tools.builtin.calculator.numbers import MAX_DIGITS, Number, Refused, exact_root
from artel.tools.builtin.calculator.reading import compute
from artel.tools.builtin.calculator.tool import CalculatorArguments, calculate, calculator, shown
from artel.tools.tool import BadArguments, ToolFailure
from tests.support.callers import caller


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("0.1 + 0.2", "0.3"),
        ("(1 + 0.19) * 49.90", "59.381"),
        ("1_000_000 * 1.5e3", "1500000000"),
        (".5 + 3.", "3.5"),
        ("2 + 3 * 4 - 5", "9"),
        ("10 - 4 - 3", "3"),
        ("100 / 8 / 2", "6.25"),
        ("-2 ** 2", "-4"),
        ("(-2) ^ 2", "4"),
        ("2 ^ 3 ^ 2", "512"),
        ("2 ** -2", "0.25"),
        ("- -3", "3"),
        ("+3", "3"),
        ("2 × 3 ÷ 4 − 1", "0.5"),
        ("√(16) + √ ( 9 )", "7"),
        ("7 // 2", "3"),
        ("-7 // 2", "-4"),
        ("7.5 // 2", "3"),
        ("10 % 3", "1"),
        ("mod(-10, 3)", "2"),
        ("mod(10, -3)", "-2"),
        ("5!", "120"),
        ("3!!", "720"),
        ("-3!", "-6"),
        ("0!", "1"),
        ("100!/98!", "9900"),
        ("0 ** 0", "1"),
        ("0 ** 5", "0"),
        ("1 ** 10 ** 9", "1"),
        ("(-1) ** (10 ** 9 + 1)", "-1"),
        ("8 ** (1/3)", "2"),
        ("(-8) ** (1/3)", "-2"),
        ("(4/9) ** 1.5 * 27", "8"),
        ("cbrt(-27)", "-3"),
        ("root(-32, 5)", "-2"),
        ("root(81, 4)", "3"),
        ("pow(2, 10)", "1024"),
        ("log(8, 2) + log2(1/4) + log10(0.001)", "-2"),
        ("log(81, 3)", "4"),
        ("abs(-3.5)", "3.5"),
        ("floor(-2.5) + ceil(-2.5)", "-5"),
        ("round(2.5)", "3"),
        ("round(-2.675, 2)", "-2.68"),
        ("round(1234.5, -2)", "1200"),
        ("comb(49, 6)", "13983816"),
        ("comb(3, 5)", "0"),
        ("perm(10, 3)", "720"),
        ("gcd(12, 18, 27)", "3"),
        ("gcd(-4)", "4"),
        ("lcm(4, 6, 10)", "60"),
        ("min(3, 2.5) + max(3, 2.5)", "5.5"),
        ("sum(0.1, 0.2, 0.3)", "0.6"),
        ("mean(1, 2)", "1.5"),
        ("median(3, 1, 2)", "2"),
        ("median(3, 1, 2, 10)", "2.5"),
        ("ABS(-1)", "1"),
        ("1/2**60", "0.000000000000000000867361737988403547205962240695953369140625"),
        ("10 ** -3000", "1e-3000"),
        ("-0.05", "-0.05"),
        ("10 ** 40 / 10 ** 38", "100"),
    ],
)
def test_what_is_exact_is_exact(expression: str, result: str) -> None:
    assert shown(compute(expression)) == {"result": result, "exact": True}


@pytest.mark.parametrize(
    ("expression", "result", "fraction"),
    [
        ("1 / 3", "0.333333333333333333333333333333", "1/3"),
        ("-2 / 3", "-0.666666666666666666666666666667", "-2/3"),
        ("1/7 + 1/11", "0.233766233766233766233766233766", "18/77"),
        ("mean(1, 2, 4)", "2.33333333333333333333333333333", "7/3"),
        ("1 / 3 ** 200", "3.76486194959902641988342189001e-96", None),
        ("10 ** 28 / 3", "3333333333333333333333333333.33", "10000000000000000000000000000/3"),
        ("sqrt(2)", "1.41421356237309504880168872421", None),
        ("sqrt(2) ** 0", "1", None),
        ("2 ** 0.5 - sqrt(2)", "0", None),
        ("sqrt(2) - 1.41421356237309504880168872420", "9.69807857e-30", None),
        ("root(2, 3)", "1.25992104989487316476721060728", None),
        ("root(-2, 3)", "-1.25992104989487316476721060728", None),
        ("pi", "3.14159265358979323846264338328", None),
        ("2 * π - tau", "0", None),
        ("e", "2.71828182845904523536028747135", None),
        ("exp(1) - e", "0", None),
        ("ln(2)", "0.693147180559945309417232121458", None),
        ("log(2) - ln(2)", "0", None),
        ("log10(2)", "0.301029995663981195213738894724", None),
        ("log10(pi)", "0.497149872694133854351268288291", None),
        ("log(10, 2)", "3.32192809488736234787031942949", None),
        ("log(8, 0.5)", "-3", None),
        ("sin(pi)", "0", None),
        ("sin(pi/6)", "0.5", None),
        ("cos(0)", "1", None),
        ("atan(1) * 4 - pi", "0", None),
        ("acos(0) - asin(1)", "0", None),
        ("sinh(1) + cosh(1) - e", "0", None),
        ("tan(1)", "1.5574077246549", None),
        ("tanh(0)", "0", None),
        ("degrees(pi)", "180", None),
        ("radians(180) - pi", "0", None),
        ("sqrt(2) % 1", "0.41421356237309504880168872421", None),
        ("0.5 ** 200", "6.22301527786114170714406405378e-61", None),
        ("(1 + 1/10**9) ** 10**7", "1.01005016707911780671012407613", None),
        ("pi ** 2", "9.86960440108935861883449099988", None),
        ("0.1 + pi * 0", "0.1", None),
    ],
)
def test_what_is_rounded_says_so(expression: str, result: str, fraction: str | None) -> None:
    expected = {"result": result, "exact": False} | ({"fraction": fraction} if fraction else {})

    assert shown(compute(expression)) == expected


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("9**9**9", "more than 3000 digits"),
        ("9^9^9^9", "more than 3000 digits"),
        ("(10**10**6)**0", "more than 3000 digits"),
        ("2**10000", "more than 3000 digits"),
        ("1e3001", "more than 3000 digits"),
        ("1e99999999999", "more than 3000 digits"),
        ("1e2999*1e2999", "more than 3000 digits"),
        ("-(1e2999)*1e2999", "more than 3000 digits"),
        ("2.5**9999", "more than 3000 digits"),
        ("1e-2999*1e-2999", "closer to 0 than"),
        ("1e-3001", "more than 3000 digits"),
        ("0.1**9999", "closer to 0 than"),
        ("(1/3)**20000", "closer to 0 than"),
        ("1/10**2999/10**2999/10**2999", "closer to 0 than"),
        ("exp(100000)", "more than 3000 digits"),
        ("exp(7000)", "more than 3000 digits"),
        ("exp(-7000)", "closer to 0 than"),
        ("e ** 1e9", "more than 3000 digits"),
        ("1200!*1200!", "more than 3000 digits"),
        ("5!!!", "factorial takes 0 to 1200"),
        ("(-1)!", "factorial takes 0 to 1200"),
        ("2.5!", "whole numbers only"),
        ("comb(10**6, 5*10**5)", "more than 3000 digits"),
        ("comb(10**2000, 1000)", "more than 3000 digits"),
        ("perm(10**6, 10**5)", "more than 3000 digits"),
        ("comb(2**64, 2000)", "more than 3000 digits"),
        ("comb(-1, 2)", "no negative numbers"),
        ("1/0", "Division by zero"),
        ("1//0", "Division by zero"),
        ("1%0", "Division by zero"),
        ("0**-1", "Division by zero"),
        ("sqrt(-1)", "no real number"),
        ("root(-4, 2)", "no real number"),
        ("(-2)**0.5", "no real number"),
        ("(-2)**pi", "no real number"),
        ("root(2, 0)", "degree of 1 or more"),
        ("root(2, 0.5)", "whole numbers only"),
        ("ln(0)", "Only positive numbers"),
        ("log(-1)", "Only positive numbers"),
        ("log(2, 1)", "base 1"),
        ("asin(2)", "no real result"),
        ("sin(1e400)", "too large"),
        ("cosh(1e5)", "too large"),
        ("round(1, 101)", "at most 100 places"),
        ("", "ends too early"),
        ("1 +", "ends too early"),
        ("()", "not expected"),
        ("* 2", "not expected"),
        ("1)", "not expected"),
        ("(1", "closing parenthesis"),
        ("sqrt(4", "closing parenthesis"),
        ("1,5", "decimals with a point"),
        ("2pi", "multiplication is written with *"),
        ("2(3)", "multiplication is written with *"),
        ("3 4", "multiplication is written with *"),
        ("15%", "15/100"),
        ("10 % -3", "15/100"),
        ("sqrt", "write sqrt(...)"),
        ("sqrt 4", "write sqrt(...)"),
        ("x + 1", "'x' is not known"),
        ("pow(2)", "pow takes 2 argument(s), not 1"),
        ("round(1, 2, 3)", "round takes 1 to 2 argument(s), not 3"),
        ("(" * 500 + "1", "nested more than"),
        ("-" * 1000 + "1", "nested more than"),
        ("2**" * 500 + "2", "nested more than"),
        ("abs(" * 400 + "1", "nested more than"),
        ("1+" * 2000, "at most 2000 characters"),
        ("__import__('os').system('id')", "cannot be read"),
        ("().__class__", "cannot be read"),
        ("(1).real", "cannot be read"),
        ("lambda: 1", "cannot be read"),
        ("[1 for _ in range(9)]", "cannot be read"),
        ("1 if 1 else 2", "'if'"),
        ("a := 1", "cannot be read"),
        ("'a' * 9", "cannot be read"),
        ("1; 2", "cannot be read"),
        ("eval(1)", "'eval' is not known"),
        ("1\x002", "cannot be read"),
        ("٣ + ٤", "cannot be read"),
    ],
)
def test_what_cannot_be_computed_is_refused_with_a_reason_and_soon(expression: str, reason: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(Refused) as caught:
        compute(expression)
    assert reason in str(caught.value)
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    "piece",
    [
        "comb(999999,500)+", "factorial(1100)+", "root(7**1000,997)+", "(2**9000)/(3**5000)+", "exp(6000)*exp(-6000)+",
        "(1+1/10**300)**9.5+", "tan(1.5)**9+", "lcm(10**1000,3**3000)+",
    ],
)  # fmt: skip
def test_the_worst_that_fits_takes_no_time(piece: str) -> None:
    begun = time.perf_counter()
    compute(piece * (1990 // len(piece)) + "1")
    assert time.perf_counter() - begun < 2


_RATIONALS = st.fractions(min_value=-(10**12), max_value=10**12, max_denominator=10**6)


@given(_RATIONALS, _RATIONALS, st.sampled_from("+-*/"))
def test_the_four_operations_are_those_of_fractions(left: Fraction, right: Fraction, sign: str) -> None:
    if sign == "/" and not right:
        right = Fraction(1)
    expected = {"+": left + right, "-": left - right, "*": left * right, "/": left / right if right else left}[sign]

    found = compute(f"({left}) {sign} ({right})")

    assert (found.value, found.exact) == (expected, True)


@given(st.integers(-(10**30), 10**30), st.integers(0, 30))
def test_a_decimal_is_written_as_it_was_read(digits: int, places: int) -> None:
    text = f"{Decimal(digits).scaleb(-places):f}"

    assert Decimal(str(shown(compute(text))["result"])) == Decimal(text)


@given(st.integers(0, 10**20), st.integers(2, 12))
def test_the_root_of_a_power_is_found(base: int, degree: int) -> None:
    assert exact_root(Fraction(base**degree), degree) == base
    assert exact_root(Fraction(base**degree + 1), degree) is None or base == 0


@given(st.text(alphabet="0123456789.+-*/%^!(), episqrtlogab_", max_size=30))
def test_anything_else_is_refused_and_not_a_fault(expression: str) -> None:
    with contextlib.suppress(Refused):
        assert shown(compute(expression))["result"]


def test_a_very_long_number_is_written_in_full() -> None:
    assert len(shown(compute("2**9900"))["result"]) == 2981
    assert MAX_DIGITS < 4300  # where Python itself would refuse to write it


def test_rounding_is_passed_on() -> None:
    assert compute("sqrt(2)").digits == 40
    assert compute("sqrt(2) * sin(1)").digits == 15
    assert Number(Fraction(1)).exact
    assert not compute("abs(-pi)").exact


async def test_the_tool_answers_and_refuses() -> None:
    tool = calculator()
    assert (tool.tool_id, tool.policy) == ("calculator", "allow")
    assert all(name in tool.description for name in FUNCTIONS)

    outcome = await calculate(caller(), CalculatorArguments(expression="6 * 7"))
    assert outcome.value == {"result": "42", "exact": True}
    with pytest.raises(ToolFailure, match="Division by zero"):
        await calculate(caller(), CalculatorArguments(expression="1/0"))


@pytest.mark.parametrize(
    "arguments", [{}, {"expression": ""}, {"expression": "1" * 2001}, {"expression": 1}, {"code": "1"}]
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(BadArguments):
        calculator().check(arguments)
