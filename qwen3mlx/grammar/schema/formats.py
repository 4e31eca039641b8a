"""The `format`s of JSON Schema that are enforced, each as a pattern for the whole string."""

from __future__ import annotations

# Years whose last two digits (for centuries, the first two) make them leap years.
_BY_FOUR = "(?:0[48]|[2468][048]|[13579][26])"
# Python's dates, which many clients parse into, have no year 0.
_YEAR = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_COMMON_DAY = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_LEAP_DAY_YEAR = f"(?:[0-9]{{2}}{_BY_FOUR}|{_BY_FOUR}00)"
_DATE = f"(?:{_YEAR}-{_COMMON_DAY}|{_LEAP_DAY_YEAR}-02-29)"
_OFFSET = "(?:[zZ]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
# A leap second is valid only at certain instants, and most parsers reject it.
_TIME = f"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{{1,9}})?{_OFFSET}"
_DURATION_TIME = "T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)"
_DURATION_DATE = "(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)"
_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_HOSTNAME = f"{_LABEL}(?:\\.{_LABEL})*"
_ATOM = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = f"{_OCTET}(?:\\.{_OCTET}){{3}}"
_H16 = "[0-9a-fA-F]{1,4}"
_PCHAR = "(?:[a-zA-Z0-9._~!$&'()*+,;=:@-]|%[0-9a-fA-F]{2})"


def _ipv6() -> str:
    """RFC 4291: eight groups, or fewer around one `::`; the last two may be an IPv4 address."""
    last = f"(?:{_H16}:{_H16}|{_IPV4})"
    forms = [f"(?:{_H16}:){{6}}{last}"]
    for before in range(7):
        head = f"(?:{_H16}(?::{_H16}){{0,{before - 1}}})?" if before else ""
        after = 7 - before
        if after >= 2:
            middle = f"(?:{_H16}:){{0,{after - 2}}}" if after > 2 else ""
            forms.append(f"{head}::{middle}{last}")
        forms.append(f"{head}::{_H16}")
        forms.append(f"{head}::")
    forms.append(f"{_H16}(?::{_H16}){{0,6}}::")
    return f"(?:{'|'.join(forms)})"


_IPV6 = _ipv6()
_HOST = f"(?:\\[{_IPV6}\\]|(?:[a-zA-Z0-9._~!$&'()*+,;=-]|%[0-9a-fA-F]{{2}})*)"
_USER = "(?:(?:[a-zA-Z0-9._~!$&'()*+,;=:-]|%[0-9a-fA-F]{2})*@)?"
_TAIL = f"(?:\\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?"
_URI = (
    f"[a-zA-Z][a-zA-Z0-9+.-]*:(?://{_USER}{_HOST}(?::[0-9]{{0,5}})?(?:/{_PCHAR}*)*"
    f"|/(?:{_PCHAR}+(?:/{_PCHAR}*)*)?|{_PCHAR}+(?:/{_PCHAR}*)*)?{_TAIL}"
)

# RFC 3339, 5321, 1123, 4122, 3986. Other formats are annotations.
FORMATS = {
    name: f"^(?:{pattern})$"
    for name, pattern in {
        "date": _DATE,
        "time": _TIME,
        "date-time": f"{_DATE}[tT]{_TIME}",
        "duration": f"P(?:{_DURATION_DATE}(?:{_DURATION_TIME})?|{_DURATION_TIME}|[0-9]+W)",
        "email": f"{_ATOM}(?:\\.{_ATOM})*@(?:{_HOSTNAME}|\\[{_IPV4}\\])",
        "hostname": _HOSTNAME,
        "ipv4": _IPV4,
        "ipv6": _IPV6,
        "uuid": "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "uri": _URI,
    }.items()
}
