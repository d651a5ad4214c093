"""What differs from job to job in a message: ids, numbers, hosts, addresses, paths, URLs and quoted values."""

from __future__ import annotations

import re
from collections.abc import Callable

DEEPEST = 8
"""Quotes in quotes: what is deeper is one value."""

# Services whose port tells which of them did not answer. A web server's tells nothing.
_SERVICES = re.compile(r"22|25|53|465|587|1433|1521|2181|3306|4222|5432|5672|6379|9042|9092|9200|11211|26379|27017")
_WEB = {"80", "443", "3000", "5000", "8000", "8080", "8443", "9000"}
_ENDS_HOST = (
    "com|net|org|edu|gov|io|dev|app|ai|co|eu|uk|de|fr|us|ca|au|jp|cn|br|nl|se|ch|at|es|it|pl|info|biz|cloud|example"
    "|test|invalid|local|localdomain|internal|intranet|lan|corp|home|private|svc|arpa"
)
_SOURCE = "js|mjs|cjs|ts|tsx|jsx|go|py|php|java|kt|scala|rb|rs|cs|c|cpp|h"

_STARTS_CODE = (
    "status|http|code|errno|error|exit|exited|signal|sqlstate|returned|lookup|enotfound|eai_again|resolve|localhost"
)

# One id of 36 letters and digits in fourteen has no digit. These come before ids and no names; else what no word has
# tells most of the ids from names.
_BEFORE_ID = (
    "ch|cus|cust|pi|pm|ii|seti|txn|tx|evt|acct|usr|sk|pk|ak|cs|req|tok|ord|inv|sess|ba|po|dp|rcpt|shp|trk|uid|oid"
)
_NO_WORD = "(?:q(?!u)|[jvz](?!z)[b-df-hj-np-tv-xz]|[b-df-hj-np-tv-xz]{5})"

_TOKENS = re.compile(
    rf"""
    (?P<value>(?<=\)=\()[^()]+(?=\)))
  | (?P<plain>\b(?:(?!(?i:{_STARTS_CODE})\b)[A-Za-z]{{2,}}(?:[ ]+|(?=[,;.)\]]?(?:[ ]|\Z))))+)
  | (?P<url>\b[A-Za-z][A-Za-z0-9+.-]{{1,20}}://[^\s"'<>`]+)
  | (?P<email>[\w.+-]{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,8}})
  | (?P<object><(?=[\w.]{{1,120}}[ ])[\w.]+[ ]object[ ]at[ ]0x[0-9a-fA-F]+>)
  | (?P<quoted>(?<!\w)(?:\b[bruBRU](?=['"]))?(?:"(?:[^"\\]|\\.)*"(?!\w)|'(?:[^'\\]|\\.|(?<=\w)'(?=\w))*'(?!\w)
      |`[^`]*`|“[^”]*”|‘[^’]*’|«[^»]*»))
  | (?P<open>(?<!\w)["'“«].*)
  | (?P<index>\bindex:[ ][\w.]+)
  | (?P<code>(?i:\b(?:status(?:[ ]?code)?|http(?:/\d(?:\.\d)?)?|code|errno|error|exit[ ](?:status|code)|exited[ ]with
        |signal|sqlstate|returned)\b[ ]?(?:[:=#]|is|was)?[ ]?[\[(]?-?\d{{1,5}}\b(?![\w.-]*\w))
      |\[(?:HY\w{{3}}|[0-9]{{2}}[0-9A-Z]{{3}})\]
      |\b(?:x509|[uU][tT][fF]-?(?:8|16)|[sS][hH][aA]-?\d+|md5|[hH]26[45]|[iI][pP][vV][46]|[sS]3|[oO][aA]uth2|[hH][tT][tT][pP]/?2
        |[bB]ase64|[ui]?int(?:8|16|32|64)|float(?:32|64)|k8s|p256|[eE][cC]2|psycopg[23]|boto3|urllib3
        |(?:ORA|TNS|PLS|AADSTS|PGRST|TS|SQL|E|ERR|CS)-?\d{{3,6}})\b)
  | (?P<encoded>(?<![\w/+])(?=[\w/]*\+|[\w/+]{{39,}}=)[A-Za-z0-9+/]{{40,}}={{0,2}}
      |\b[0-9a-fA-F]{{2}}(?:[:-][0-9a-fA-F]{{2}}){{5}}\b)
  | (?P<time>\b\d{{4}}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?)?(?:[ ]?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\b)?
      |\b\d\d?:\d\d:\d\d(?:[.,]\d+)?\b
      |(?<![\w.])\d+(?:\.\d+)?(?:h|ms|m|s|µs|us|ns)(?:\d+(?:\.\d+)?(?:ms|m|s))*\b)
  | (?P<id>\b[0-9a-fA-F]{{8}}(?:-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}\b|\barn:aws[\w-]*:\S+)
  | (?P<towards>\b(?:lookup|ENOTFOUND|EAI_AGAIN|resolve[ ]host:?)[ ])[\w.:-]*\w
  | (?P<host>(?:(?<![\w.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?![\w.]*\w)|\[(?=[^\]]*:)[0-9a-fA-F:.%]{{2,45}}\]
      |\blocalhost\b|(?<![\w:])::1\b
      |(?<![\w:.])(?:[0-9a-fA-F]{{1,4}}:){{7}}[0-9a-fA-F]{{1,4}}\b|(?<![\w:])(?:[0-9a-fA-F]{{1,4}}:){{1,6}}(?::[0-9a-fA-F]{{1,4}}){{1,6}}\b
      |(?<![\w./\\@])(?:[A-Za-z0-9_-]{{1,63}}\.){{1,8}}(?:{_ENDS_HOST})(?![\w/\\(-]|\.\w))(?::(?P<port>\d{{1,5}})\b)?)
  | (?P<named>(?<![\w./\\])(?![\w.-]*\.(?:{_SOURCE}):)[A-Za-z][\w.-]{{0,80}}:(?P<at>\d{{2,5}})\b(?![:.]\d))
  | (?P<path>(?<![\w<./\\›])(?:~|\.{{1,2}})?/(?:[^\s:,;"'()<>|]+)|\b[A-Za-z]:\\[^\s:,;"'()<>|]+)
  | (?P<addr>\b0x[0-9a-fA-F]+\b)
  | (?P<word>\#?\b(?:(?:[a-z]{{2,6}}_){{1,2}}(?=\w*[a-z])(?=\w*[A-Z])[A-Za-z0-9]{{6,}}\b
      |(?:(?:{_BEFORE_ID})_|(?:[a-z]{{2,6}}_){{1,2}}(?=[a-z]*{_NO_WORD}))[a-z]{{6,}}\b
      |(?=[\w-]*\d)(?=[\w-]*[^\W\d])\w+(?:-\w+)*))
  | (?P<n>(?:(?<=[\s(\[=,:])[-+])?\d(?:[\d,._]*\d)?(?:[eE][+-]?\d+)?%?)
    """,
    re.VERBOSE,
)

# What a quote may hold and still be a name out of the program: then it tells faults apart.
_NAME = re.compile(r"(?:@|\.{1,2}/)?[^\W\d][\w$]*(?:[-./:\\]{1,2}[\w$]+){0,10}(?:\(\))?")
_HTTP_STATUS = re.compile(r"[1-5]\d\d [A-Z][A-Za-z' -]{1,40}")
_PLAIN_NAME = re.compile(r"[a-z_.]+")
_NAMED = re.compile(
    r"(?i:\b(?:reading|setting|property|properties|attribute|column|relation|table|constraint|index|field|key|module|named"
    r"|name|function|method|class|type|parameter|argument|package|variable|view|schema|invoke|because|import|header"
    r"|extension|sequence|collection|bucket|topic|template|setting|option|import .{1,60} from))[ :=(]{1,3}\Z"
)
_NAMED_AFTER = re.compile(
    r" (?:is not defined|is undefined|is a required|is required|is not a function|is not iterable|is null|object\b"
    r"|argument\b|must be |may not be |cannot be |property\b|field\b|column\b|option\b)"
)
_TYPES = {
    "int",
    "str",
    "float",
    "bytes",
    "bool",
    "dict",
    "list",
    "tuple",
    "set",
    "NoneType",
    "string",
    "number",
    "null",
}
_CALL = re.compile(r"[A-Z]\w*\(\Z")
_TELLS = re.compile(
    r'(?:"(?:code|error|err|msg|type|reason|status|message|title|detail|error_code|description)" ?: ?'
    r"|\b(?:code|error|err|msg|reason|message|desc|detail) ?= ?)\Z"
)
_KEY_OF = re.compile(r"[{,] ?\Z")


def with_placeholders(text: str, *, cut: bool = False, of: str = "", depth: int = 0) -> str:
    """The message with ‹n›, ‹id›, ‹host›, ‹path›, ‹url›, ‹text› and the like for what differs from job to job.

    `of` is the error's type. `cut`: the text ends because it was cut, so a quote may be open at its end.
    """
    if depth > DEEPEST:
        return "‹text›"

    def inside(part: str) -> str:
        return with_placeholders(part, cut=cut, depth=depth + 1)

    def put(match: re.Match[str]) -> str:
        group, found = match.lastgroup or "", match[0]
        if group == "quoted":
            return _quoted(match, of, inside)
        if group == "open":
            return "‹text›" if cut else found[0] + inside(found[1:])
        if group == "host":
            return f"‹host›:{match['port']}" if _SERVICES.fullmatch(match["port"] or "") else "‹host›"
        if group == "named":
            return _named(found, match["at"], inside)
        if group == "towards":
            return f"{match['towards']}‹host›"
        if group in ("plain", "code", "index"):
            return found
        return f"‹{_SHOWN.get(group, group)}›"

    return _TOKENS.sub(put, text)


_SHOWN = {"word": "id", "encoded": "id", "value": "text"}
"""Placeholders that are not called like their group."""


def _named(found: str, port: str, inside: Callable[[str], str]) -> str:
    """`redis-master:6379`, or something else with a colon and a number."""
    if _SERVICES.fullmatch(port):
        return f"‹host›:{port}"
    if port in _WEB:
        return "‹host›"
    return f"{inside(found[: -len(port) - 1])}:‹n›"


def _quoted(match: re.Match[str], of: str, inside: Callable[[str], str]) -> str:
    """A value, as a rule. A name out of the program, or a message within the message, stays readable."""
    text, whole = match.string, match[0]
    quote = whole[1] if whole[0] in "bruBRU" else whole[0]
    value = whole[whole.index(quote) + 1 : -1]
    before, after = text[max(match.start() - 70, 0) : match.start()], text[match.end() : match.end() + 20]
    if _HTTP_STATUS.fullmatch(value):
        return whole
    if _CALL.search(before) or _TELLS.search(before):
        return f"{quote}{inside(value)}{whole[-1]}"
    if _NAME.fullmatch(value) and (
        (of == "KeyError" and whole == text)
        or quote == "`"
        or value in _TYPES
        or _NAMED.search(before)
        or _NAMED_AFTER.match(after)
        or (after.lstrip().startswith(":") and _KEY_OF.search(before))
    ):
        return f"{quote}{value if _PLAIN_NAME.fullmatch(value) else inside(value)}{whole[-1]}"
    for name, test in (("host", before.endswith(("host=", "hostname="))), ("path", value.startswith("/"))):
        if test:
            return f"‹{name}›"
    return "‹url›" if "://" in value and " " not in value else "‹text›"
