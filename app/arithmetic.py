"""Numbers as people write them: 5/3, sqrt(2), 1/sqrt(512), .5, 1,024, 1e3, 2^9."""

import ast
import operator
import re
from collections.abc import Callable
from math import isfinite, pi, sqrt

LONGEST = 60  # characters
_WRITTEN = re.compile(r"(?:[0-9.,+\-*/^()√ ]|sqrt|pi|(?<=[0-9.])[eE])+", re.ASCII)
_THOUSANDS = re.compile(r"(?<![0-9.,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])")
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def evaluated(text: str) -> float | None:
    """The number that a sum, product, power or root of numbers stands for; None if the text stands for none."""
    text = text.strip(" ").replace("−", "-").replace("·", "*").replace("×", "*").replace("π", "pi")
    if len(text) > LONGEST or not _WRITTEN.fullmatch(text.replace("√", "sqrt")):
        return None
    text = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), text)
    text = re.sub(r"√\s*([0-9.]+)", r"sqrt(\1)", text).replace("√", "sqrt").replace("^", "**")
    try:
        value = _value(ast.parse(text, mode="eval").body)
    except (ArithmeticError, LookupError, SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None
    return value if isfinite(value) else None


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.UnaryOp()):
            raise ValueError
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=op, right=right):
            found = _OPERATORS[type(op)](_value(left), _value(right))
            if isinstance(found, complex):
                raise ValueError
            return found
        case ast.Call(func=ast.Name(id="sqrt"), args=[inside], keywords=[]):
            return sqrt(_value(inside))
        case ast.Name(id="pi"):
            return pi
        case _:
            raise ValueError
