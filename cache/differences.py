"""What two questions may not differ in, however alike they are: what vectors hardly see, and answers hang on.

It would rather find a difference too many: that costs a call, and one too few costs an answer to another question.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?|\d+(?:[.,:/-]\d+)*|[%$€£¥°<>=+]")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_NUMBER: Final = re.compile(r"\d+(?:[.,:/-]\d+)*")
_QUOTED: Final = re.compile(r"\"([^\"]+)\"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»|`([^`]+)`|(?<!\w)'([^']+)'(?!\w)")
_PIECE: Final = re.compile(r"[^\s,;!?]+")
_CODE: Final = re.compile(r"[A-Za-z]\d|\d[A-Za-z]|[_@#\\/{}\[\]]|[a-z][A-Z]|\w\.\w")
_GAP: Final = re.compile(r"\s{2,}")
_SENTENCE: Final = re.compile(r"(?:^|[.!?:\n]\s*)[\"'“(]*\w+")
_STEM: Final = 4  # letters that two forms of one word have in common at least
_ENDINGS: Final = ("ing", "ed", "es", "ly", "en", "s", "e", "n")  # of which a form may have one
_SYMBOLS: Final = re.compile(
    r"[^\w\s.,;:?!'\"\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb\u00bf\u00a1()\[\]{}\u2026\u2013\u2014\u2022\u3001\u3002\uff0c\uff1f\uff01`-]"
    r"|!(?=[\w=])|(?<=\d)!|[-\u2013](?=\s?\d)|(?<=\s)-(?=\s)"
)
_LATIN: Final = 0x24F  # the last letter of the alphabet whose words the lists below know something of
_LONGEST: Final = 4_000  # characters that are compared; longer questions are never the same
_MARKS: Final = 50  # that begin a quotation; of a text with more, every word counts as quoted
_MOST: Final = 10_000  # pairs of equal words that are looked at; whoever repeats themselves more is taken for related


def _table(*rows: str) -> Mapping[str, str]:
    """Each word of a row stands for the first one."""
    return {word: row.split()[0] for row in rows for word in row.split()}


def _set(*rows: str) -> frozenset[str]:
    return frozenset(word for row in rows for word in row.split())


_COUNTS: Final = _table(
    *("0 zero null", "1 one eins", "2 two zwei deux dos", "3 three drei trois tres", "4 four vier quatre cuatro"),
    *("5 five fünf cinq cinco", "6 six sechs seis", "7 seven sieben sept siete", "8 eight acht huit ocho"),
    *("9 nine neun neuf nueve", "10 ten zehn dix diez", "11 eleven elf onze", "12 twelve zwölf douze doce"),
    *("13 thirteen", "14 fourteen", "15 fifteen", "16 sixteen", "17 seventeen", "18 eighteen", "19 nineteen"),
    *("20 twenty zwanzig", "30 thirty", "40 forty", "50 fifty", "60 sixty", "70 seventy", "80 eighty", "90 ninety"),
    *("100 hundred hundert cent", "1000 thousand tausend mille mil", "1000000 million", "1000000000 billion"),
    *("1st first", "2nd second", "3rd third", "0.5 half", "0.25 quarter", "2x twice double", "3x triple", "12x dozen"),
)
_NEGATIONS: Final = _set(
    "not no never none nobody nothing nowhere without cannot neither nor except unless non unable lacks hardly",
    "nicht kein keine keinen keiner keines nie niemals ohne weder pas jamais sans aucun aucune ni sin nunca ningún",
    "ninguna ninguno tampoco",
)
_UNITS: Final = _table(
    *("kg kilogram kilograms kilo kilos", "g gram grams", "mg milligram milligrams", "lb lbs pound pounds"),
    *("oz ounce ounces", "t ton tons tonne tonnes", "km kilometer kilometers kilometre kilometres"),
    *("m meter meters metre metres", "cm centimeter centimeters centimetre", "mm millimeter millimeters"),
    *("mi mile miles", "in inch inches", "ft foot feet", "yd yard yards", "l liter liters litre litres"),
    *("ml milliliter milliliters", "gal gallon gallons", "c celsius", "f fahrenheit", "k kelvin"),
    *("% percent prozent", "$ usd dollar dollars", "€ eur euro euros", "£ gbp sterling", "¥ jpy yen", "chf franc"),
    *("ms millisecond milliseconds", "s sec secs seconds", "min minute minutes", "h hour hours stunde stunden"),
    *("day days tag tage daily", "week weeks woche wochen weekly", "month months monat monate monthly"),
    *("year years jahr jahre yearly annual annually", "kb kilobyte kilobytes", "mb megabyte megabytes"),
    *("gb gigabyte gigabytes", "tb terabyte terabytes", "kw kilowatt", "kwh", "mph", "kph kmh", "°", "bit bits"),
    *("byte bytes", "calorie calories kcal", "volt volts v", "watt watts w", "amp amps a"),
)
_DATES: Final = _table(
    *("january jan januar", "february feb februar", "march märz", "april apr", "june jun juni", "july jul juli"),
    *("august aug", "september sep sept", "october oct oktober", "november nov", "december dec dezember"),
    *("monday mon montag", "tuesday tue dienstag", "wednesday wed mittwoch", "thursday thu donnerstag"),
    *("friday fri freitag", "saturday sat samstag", "sunday sun sonntag", "today heute", "tomorrow morgen"),
    *("yesterday gestern", "spring", "summer", "autumn fall", "winter", "morning", "noon", "evening", "night tonight"),
    *("am", "pm", "bc bce", "ad ce", "may mai", "last previous past", "next following upcoming", "now currently"),
)
# Words that come in pairs: who asks for one doesn't ask for the other.
_OPPOSITES: Final = _set(
    "increase decrease increasing decreasing raise lower buy sell bought sold before after above below over under",
    "more less fewer most least max min maximum minimum highest lowest largest smallest biggest best worst longest",
    "shortest fastest slowest cheapest newest oldest latest earliest with enable disable enabled disabled open",
    "close opened closed start stop begin end off out into from up down left right north south east west",
    "true false allow deny allowed denied forbid include exclude add remove install uninstall import export",
    "encrypt decrypt encode decode upload download push pull read write lock unlock ascending descending asc desc",
    "hot cold warm cool big small large long short high low deep shallow wide narrow fast slow old new young early",
    "late heavy light hard easy safe dangerous legal illegal possible impossible male female man woman boy girl",
    "husband wife father mother son daughter brother sister input output sync async public private internal",
    "external positive negative win lose gain loss profit cause effect advantage disadvantage advantages",
    "disadvantages pros cons all any every each only both either same different like unlike love hate",
    "accept reject pass fail always sometimes often rarely usually must should can may or ",
)
_ORDERED: Final = _set("out into from with off or before after over under above below")
_FILLERS: Final = _set(
    "a an the this that these those is are was were be been am do does did done doing has have had i me my mine",
    "we us our you your he she it its they them their of for at by as about so very really just please tell show",
    "give explain describe know want need like would could can may might will shall should must how what which who",
    "whom whose where when why there here if then also too well hello hi hey thanks thank der die das ein eine ist",
    "sind war wie was wer wo wann warum bitte mir mich ich du wir le la les un une est sont que qui quel quelle",
    "comment el los las una es son qué cuál cómo por para mean means meaning get got let make makes help",
)


_PAIRED: Final = _OPPOSITES - _FILLERS
_APART: Final = _FILLERS | _COUNTS.keys() | _NEGATIONS
_THIRD: Final = _table("he him his himself", "she her hers herself", "they them their theirs themselves")
_PERSONS: Final = _table("i my mine myself", "we us our ours ourselves", "you your yours yourself")
_ASKED: Final = _table("where wo", "when wann", "who whom whose wer wem wen wessen", "why warum")
_TIMES: Final = _table("did was were had didn't wasn't weren't hadn't", "will won't")


def differs(one: str, other: str) -> str | None:
    """In what they do, in a word; None where nothing is seen."""
    if max(len(one), len(other)) > _LONGEST:
        return "length"
    for kind, seen in _SEEN.items():
        if seen(one) != seen(other):
            return kind
    if _names(one) - _lower(other) or _names(other) - _lower(one):
        return "name"
    if _strangers(_persons(one), _persons(other)):
        return "person"
    return "word" if _reworded(one, other) else None


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _lower(text: str) -> set[str]:
    return {word.lower() for word in _LETTERS.findall(text)}


def _numbers(text: str) -> list[str]:
    found = []
    for word in _words(text):
        if _NUMBER.fullmatch(word):
            found.append(re.sub(r",(?=\d{3}\b)", "", word))
        elif (count := _COUNTS.get(word.lower())) is not None and word.lower() != "second":
            found.append(count)
    return found


def _negations(text: str) -> int:
    words = (word.lower().replace("\u2019", "'") for word in _words(text))
    return sum(word in _NEGATIONS or word.endswith("n't") for word in words)


def _quoted(text: str) -> list[str]:
    if sum(map(text.count, "“„«")) > _MARKS:
        return [text]  # each of them may be looked for its end through all of the rest
    return ["".join(groups) for groups in _QUOTED.findall(text)]


def _codes(text: str) -> list[str]:
    return [word.strip(".:()'\"").lower() for word in _PIECE.findall(text) if _CODE.search(word)]


def _of(table: Mapping[str, str]) -> Callable[[str], list[str]]:
    return lambda text: [table[word] for word in map(str.lower, _words(text)) if word in table]


def _opposites(text: str) -> tuple[list[str], list[str]]:
    """Those that stand between two things in their order, since it counts who comes from where; the others anyhow."""
    words = [word for word in map(str.lower, _words(text)) if word in _PAIRED]
    placed = [word for word in words if word in _ORDERED]
    return placed, sorted(set(words) - _ORDERED)


def _names(text: str) -> set[str]:
    """Capitals within a sentence, and abbreviations anywhere."""
    text = _GAP.sub(lambda gap: "\n" if "\n" in gap[0] else " ", text)
    first = {match.end() for match in _SENTENCE.finditer(text)}
    found = set()
    for match in _LETTERS.finditer(text):
        word = match[0]
        within = word[0].isupper() and match.end() not in first and word.lower() not in _FILLERS
        if within or (len(word) > 1 and word.isupper()):
            found.add(word.lower())
    return found


def _units(text: str) -> list[str]:
    return [_UNITS[word] for word, unit in _measured(text) if unit]


def _measured(text: str) -> Iterator[tuple[str, bool]]:
    """Each word, and whether it is a unit: single letters, and `in`, are some behind a number only."""
    before = ""
    for word in map(str.lower, _words(text)):
        yield word, word in _UNITS and bool(before or not (word == "in" or (len(word) == 1 and word.isalpha())))
        before = word if word in _COUNTS or _NUMBER.fullmatch(word) else ""


def _content(text: str) -> list[str]:
    """What is said in no other way, and not looked at by itself."""
    found, before = [], ""
    for word, unit in _measured(text):
        idle = word == "in" or (word == "to" and before in _FILLERS)  # how to, I want to
        if not (idle or unit or _NUMBER.fullmatch(word) or _apart(word)):
            found.append(word)
        before = word
    return found


def _apart(word: str) -> bool:
    plain = word.replace("\u2019", "'").removesuffix("'s")
    return plain in _APART or _stem(plain) in _APART or plain.endswith("n't")


def _said(text: str) -> list[str]:
    return [word.lower() for word in _words(text)]


def _persons(text: str) -> set[str]:
    return {_PERSONS[word] for word in map(str.lower, _words(text)) if word in _PERSONS}


def _strangers(some: set[str], others: set[str]) -> bool:
    """Whether both speak of somebody, and of nobody in common."""
    return bool(some and others) and not some & others


def _asked(text: str) -> set[str]:
    """Places, times, people or reasons; the other words of questions often stand for each other."""
    return {_ASKED[word] for word in map(str.lower, _words(text)) if word in _ASKED}


def _times(text: str) -> set[str]:
    return {_TIMES[word] for word in (each.lower().replace("\u2019", "'") for each in _words(text)) if word in _TIMES}


def _foreign(text: str) -> str:
    """Words of other alphabets than the Latin one: nothing here knows which of them may stand for each other."""
    if text.isascii():
        return ""
    return "".join(word for word in _LETTERS.findall(text.lower()) if any(ord(letter) > _LATIN for letter in word))


def _reworded(one: str, other: str) -> bool:
    """Whether they say something else in the same way; how far that goes for two ways to say it, their vectors tell."""
    some, others = _content(one), _content(other)
    if not _exchanged(some, others):
        return False
    alone = len(some) == len(others) == 1
    return alone or _related(some, others) or _related(_said(one), _said(other))


def _exchanged(one: list[str], other: list[str]) -> bool:
    """Whether they say the same but for single words more, or in the place of others, or in another order."""
    if one == other:
        return False
    if not _forms(one, other) or sorted(one) == sorted(other) or _pairs(one, other) > _MOST:
        return True
    one, other = sorted((one, other))  # else it would count which of them came first
    return any(
        what != "equal" and not _forms(one[start:end], other[begin:stop])
        for what, start, end, begin, stop in _compared(one, other).get_opcodes()
    )


def _related(one: list[str], other: list[str]) -> bool:
    """Whether half of the longer one, or all of the shorter one, stands in the other as well."""
    enough = min(-(-max(len(one), len(other)) // 2), len(one), len(other))
    # There can't be more in common than both have, and there is at least what they begin or end with.
    if (Counter(one) & Counter(other)).total() < enough:
        return False
    if _begun(one, other) >= enough or _begun(one[::-1], other[::-1]) >= enough or _pairs(one, other) > _MOST:
        return True
    return sum(block.size for block in _compared(*sorted((one, other))).get_matching_blocks()) >= enough


def _begun(one: list[str], other: list[str]) -> int:
    """How many words they have in common before the first that differs."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _ in same)


def _pairs(one: list[str], other: list[str]) -> int:
    """How often a word of one is that of the other: what it takes to compare them."""
    counted = Counter(other)
    return sum(times * counted[word] for word, times in Counter(one).items())


def _compared(one: list[str], other: list[str]) -> "SequenceMatcher[str]":
    return SequenceMatcher(None, one, other, autojunk=False)


def _forms(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether each word has another form of it beside it."""
    ones, twos = list(some), list(others)
    return len(ones) == len(twos) and all(_stem(one) == _stem(two) for one, two in zip(ones, twos, strict=True))


def _stem(word: str) -> str:
    if word.endswith(("ies", "ied")):
        return f"{word[:-3]}y"
    endings = (each for each in _ENDINGS if word.endswith(each) and not word.endswith("ss"))
    ending = next(endings, "")
    return word[: -len(ending)] if ending and len(word) - len(ending) >= _STEM else word


_SEEN: Final[Mapping[str, Callable[[str], object]]] = {
    "number": _numbers,
    "negation": _negations,
    "quoted": _quoted,
    "code": _codes,
    "unit": _units,
    "date": _of(_DATES),
    "opposite": _opposites,
    "symbol": _SYMBOLS.findall,
    "alphabet": _foreign,
    "person": _of(_THIRD),
    "question": _asked,
    "time": _times,
}
