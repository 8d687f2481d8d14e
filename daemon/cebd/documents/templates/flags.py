"""Formulas that colour mistakes in a template while it is filled in, in Excel, WPS and LibreOffice: conditional formats, no macros.

They know less than the checks of a dropped file and never contradict them: what a formula colours is refused, or warned of, when the file
is dropped; what the reading may take (another way to write a day, a name in a code's place) is left alone. A formula is of the second row;
spreadsheets shift it for the others. Excel takes no array constants there, and no other sheet but by a name.

| coloured | where |
| --- | --- |
| too long, too short | texts |
| no number, below zero, too many digits or decimals | amounts, quantities |
| no day of the calendar | dates and times in digits |
| a check digit that is wrong | numbers of identity cards |
| a code that the table does not have | codes |
| price x quantity is not the total; the amounts are not what was paid; more net than gross | amounts |
| nothing, in a row that has something | columns that must be filled |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cebd.documents.reading.cells.understood import digits_of_day
from cebd.messages.description import Field

ROW = 2
LAST_ROW = 20_000  # drop-down lists and colours reach so far down
CENT = "0.009999"  # less is rounding; one is stored as something below it
_ID_LENGTH = 18
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_ID_CHECK_CHARACTERS = "10X98765432"
_LEAST_DIGITS = 6  # of what is meant as a day in digits; a true date is a number of five digits


def mistake(field: Field, letter: str, codes: Mapping[str, Sequence[str]], named: str | None) -> str | None:
    """Whether the cell of that column is wrong by itself; None where nothing is looked at.

    `codes`: those of the field with the names that they go by; `named`: the name of the range that has them, where they are many.
    """
    cell = f"{letter}{ROW}"
    if field.name.endswith("IdNumber"):
        return _filled(cell, _no_identity_number(f"TRIM({cell})"))
    digits = digits_of_day(field)
    if digits is not None:
        return _filled(cell, _no_day(f"TRIM({cell})", digits))
    if codes:
        return _filled(cell, _no_code(cell, codes, named))
    if field.kind != "text":
        return _filled(cell, _no_number(field, cell))
    return _too_long(field, f"TRIM({cell})", cell)


def missing(letter: str, first: str, last: str) -> str:
    """Whether nothing stands in that column, but something in the row."""
    return f'AND({letter}{ROW}="",COUNTA(${first}{ROW}:${last}{ROW})>0)'


def sums(letters: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The amounts that do not add up: the column, and when it is wrong. `letters`: columns by element."""
    at = {name: f"${letter}{ROW}" for name, letter in letters.items()}
    if {"price", "qty", "totalPrice"} <= at.keys():
        total = f"VALUE({at['qty']})*VALUE({at['price']})-VALUE({at['totalPrice']})"
        yield letters["totalPrice"], _differ(total, at["qty"], at["price"], at["totalPrice"])
    parts = ("goodsValue", "freight", "taxTotal", "discount", "acturalPaid")
    if set(parts) <= at.keys():
        value, freight, tax, discount, paid = (f"VALUE({at[name]})" for name in parts)
        yield letters["acturalPaid"], _differ(f"{value}+{freight}+{tax}-{discount}-{paid}", *(at[one] for one in parts))
    if {"grossWeight", "netWeight"} <= at.keys():
        gross, net = at["grossWeight"], at["netWeight"]
        more = f"IFERROR(VALUE({net})>VALUE({gross}),FALSE)"
        yield letters["netWeight"], f'AND({gross}<>"",{net}<>"",{more})'


def _differ(difference: str, *cells: str) -> str:
    given = ",".join(f'{cell}<>""' for cell in cells)
    return f"AND({given},IFERROR(ABS({difference})>{CENT},FALSE))"


def _filled(cell: str, wrong: str) -> str:
    return f'AND({cell}<>"",{wrong})'


def _too_long(field: Field, text: str, cell: str) -> str | None:
    if field.max_length is None:
        return None
    if field.min_length == field.max_length:
        return _filled(cell, f"LEN({text})<>{field.max_length}")
    return f"LEN({text})>{field.max_length}"


def _no_number(field: Field, cell: str) -> str:
    number = f"VALUE({cell})"
    decimals = (field.fraction_digits or 0) if field.kind == "decimal" else 0
    tests = [f"{number}<0", f"ROUND({number},{decimals})<>{number}", f'ISNUMBER(FIND(",",{cell}))']
    if field.total_digits:
        tests.append(f"{number}>=1E{field.total_digits - decimals}")
    return f"IFERROR(OR({','.join(tests)}),TRUE)"


def _no_day(text: str, digits: int) -> str:
    """Of digits alone; another way to write a day is left to the reading."""
    year, month, day = f"LEFT({text},4)", f"MID({text},5,2)", f"MID({text},7,2)"
    date = f"DATE(VALUE({year}),VALUE({month}),VALUE({day}))"
    tests = [f"LEN({text})<>{digits}", f'TEXT({date},"yyyymmdd")<>LEFT({text},8)']
    if digits > len("yyyymmdd"):
        tests += [f"VALUE(MID({text},9,2))>23", f"VALUE(MID({text},11,2))>59", f"VALUE(MID({text},13,2))>59"]
    are_digits = f'IFERROR(TEXT(VALUE({text}),"0")={text},FALSE)'
    return f"AND({are_digits},LEN({text})>={_LEAST_DIGITS},IFERROR(OR({','.join(tests)}),TRUE))"


def _no_identity_number(text: str) -> str:
    total = "+".join(f"MID({text},{nth},1)*{weight}" for nth, weight in enumerate(_ID_WEIGHTS, 1))
    check = f'MID("{_ID_CHECK_CHARACTERS}",MOD({total},11)+1,1)'
    return f"IFERROR(OR(LEN({text})<>{_ID_LENGTH},{check}<>UPPER(RIGHT({text},1))),TRUE)"


def _no_code(cell: str, codes: Mapping[str, Sequence[str]], named: str | None) -> str:
    """Of what begins with digits: a name in the place of a code is left to the reading."""
    code = f'LEFT(TRIM({cell}),FIND(" ",TRIM({cell})&" ")-1)'
    are_digits = f"ISNUMBER(VALUE({code}))"
    if named is not None:
        return f"AND(IFERROR({are_digits},FALSE),ISNA(MATCH({code},{named},0)))"
    known = "|".join(codes)
    unknown = f'ISERROR(FIND("|"&{code}&"|","|{known}|"))'
    return f"AND(IFERROR({are_digits},FALSE),{unknown})"
