import pytest

from knowledge.worked import ExpressionInvalid, agrees, evaluate
from trading.expressions import EXPRESSIONS


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("600 / 12", 50.0),
        ("100 * (1.05 ** 3 - 1)", 15.7625),
        ("mean([1, 2, 6])", 3.0),
        ("stdev([2, 4, 4, 4, 5, 5, 7, 9]) > 2", 1.0),
        ("sqrt(365) * 0.04", 0.7642),
        ("ln(e)", 1.0),
    ],
)
def test_arithmetic_is_computed(expression, value):
    assert evaluate(expression) == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('indicator("SMA", [1, 2, 3, 4, 5], period=5)', 3.0),
        ('indicator("ROC", [100, 102, 101, 104, 105], period=4)', 5.0),
        ('indicator("BBANDS", [1, 2, 3, 4, 5], period=5, output="middle")', 3.0),
        ('indicator("OBV", [1, 2, 1], volumes=[10, 20, 5])', 25.0),
        ("impermanent_loss(4)", -0.2),
        ('liquidation(60000, 10, "long")', 54271.36),
        ('funding(10000, 0.0001, 1, "long")', 3.0),
        ("apy_of(0.1, 1)", 0.1),
        ("bitcoin_supply(0)", 50.0),
        ("maximum_drawdown([100, 50, 75])", 0.5),
        ("fibonacci(100, 200, 0.5)", 150.0),
        ("pivot(110, 90, 100)", 100.0),
        ("position_size(10000, 0.01, 100, 95)", 20.0),
        ("sharpe([100, 110, 105, 120]) > sortino([100, 101, 100, 103]) * 0", 1.0),
    ],
)
def test_own_code_is_called_by_name(expression, value):
    assert evaluate(expression, EXPRESSIONS) == pytest.approx(value, abs=0.01)


@pytest.mark.parametrize(
    "expression",
    [
        "1 / 0",
        "",
        "1 +",
        "unknown(3)",
        "__import__('os').system('true')",
        "(1).__class__",
        "[x for x in (1, 2)]",
        "10 ** 10 ** 10",
        "'a' * 3",
        "'text'",
        "ln(-1)",
        "sharpe([100, 100, 100])",
        'indicator("NOPE", [1, 2])',
        'indicator("SMA", [1, 2], period=5)',
        "9" * 3000,
    ],
)
def test_what_is_no_such_expression_is_refused(expression):
    with pytest.raises(ExpressionInvalid):
        evaluate(expression, EXPRESSIONS)


@pytest.mark.parametrize(
    ("figure", "value", "so"),
    [
        ("1,234.5", 1234.46, True),
        ("1,234.5", 1234.4, False),
        ("-5.72", -5.7191, True),
        ("50", 50.4, True),
        ("50", 50.6, False),
        ("2.5", 2.45, True),
        ("about 5", 5.0, False),
    ],
)
def test_figure_agrees_when_it_is_the_value_rounded(figure, value, so):
    assert agrees(figure, value) is so
