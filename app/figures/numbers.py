"""Numbers as a person reads them."""

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float | None, digits: int = 4) -> str:
    """A number as a person reads it: 512.7, 0.00195, 3.1 × 10⁻⁹."""
    if value is None:
        return "beyond float64"
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e6:
        text = f"{value:.{digits}g}"
        if abs(value) >= 999 or "e" in text:  # in full, with its thousands apart
            text = f"{float(text):,.10g}"
        return text.replace("-", "−")
    mantissa, exponent = f"{value:.{max(digits - 2, 1)}e}".split("e")
    return f"{mantissa} × 10{superscript(int(exponent))}".replace("-", "−")


def power(exponent: float | None, digits: int = 2) -> str:
    """10^exponent as a person reads it, however large; None is the logarithm of zero."""
    if exponent is None:
        return "0"
    if -300 < exponent < 300:
        return number(10**exponent, digits + 1)
    whole = int(exponent // 1)
    return f"{10 ** (exponent - whole):.{digits}f} × 10{superscript(whole)}"


def percent(share: float | None) -> str:
    """A share as a person reads it: 92.6 %, 0 %, below 0.1 %."""
    if share is None:
        return "–"
    if 0 < share < 0.001:
        return "below 0.1 %"
    return f"{100 * share:.3g} %"


def between(value: float) -> str:
    """A number from −1 to 1, with as many digits as tell it from zero and from one: 0, 0.37, 0.9986, nearly 1."""
    size = abs(value)
    if size < 0.005:
        return "0"
    if size > 0.99995:
        return f"{'' if size == 1 else 'nearly '}{'−' if value < 0 else ''}1"
    return f"{value:.{4 if size >= 0.99 else 2}f}".replace("-", "−")


def superscript(value: int) -> str:
    """An exponent in Unicode superscripts."""
    return str(value).translate(SUPERSCRIPTS)


def signed(value: float, digits: int = 3) -> str:
    """A change, with its sign."""
    return f"{'−' if value < 0 else '+'}{number(abs(value), digits)}"


def off(deviations: float, decimals: int = 1) -> str:
    """How many standard deviations one number lies from another: +0.8, −1.3."""
    return f"{deviations:+.{decimals}f}".replace("-", "−")


def listed(items: list[str]) -> str:
    """As a person lists things."""
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1])))
