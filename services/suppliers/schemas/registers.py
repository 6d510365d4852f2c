"""Which of python-stdnum's modules checks the numbers of which register: data, read by identifiers.py."""

from __future__ import annotations

import re
from importlib import import_module


class Check:
    """A module of the library, imported with the first number of its kind: of sixty, few are needed."""

    def __init__(self, name: str) -> None:
        """Take the module's name below `stdnum`."""
        self._name = f"stdnum.{name}"

    def validate(self, number: str) -> str:
        """Return a number as its register writes it; raise stdnum's ValidationError if it is none."""
        valid: str = import_module(self._name).validate(number)
        return valid

    def is_valid(self, number: str) -> bool:
        """Tell whether it is a number of this kind."""
        return bool(import_module(self._name).is_valid(number))


def _checks(names: str) -> dict[str, Check]:
    """Read lines of `code module`."""
    pairs = (line.split() for line in names.strip().splitlines())
    return {code: Check(name) for code, name in pairs}


# Countries whose register of companies the library knows; of others a number is kept as it is written. Where
# a country has several numbers it is the company's, not a person's or a tax account's.
BUSINESS = _checks(
    """
    AT at.businessid
    AU au.abn
    BE be.vat
    BR br.cnpj
    CH ch.uid
    CN cn.uscc
    DE de.handelsregisternummer
    DK dk.cvr
    EE ee.registrikood
    ES es.cif
    FI fi.ytunnus
    FR fr.siren
    HU hu.anum
    IL il.hp
    IN in_.gstin
    IT it.iva
    JP jp.cn
    KR kr.brn
    NO no.orgnr
    PL pl.regon
    RO ro.cui
    RS rs.pib
    SG sg.uen
    SI si.maticna
    TR tr.vkn
    TW tw.ubn
    UA ua.edrpou
    US us.ein
    VN vn.mst
    """
)

# Countries where a natural person who trades has a number of its own: its form, and what checks it.
# It stands in VAT numbers, registrations and Peppol ids; a company's number there has another form.
PERSONS = {
    country: (re.compile(form), Check(name))
    for country, form, name in (
        ("BG", "[0-9]{10}", "bg.vat"),
        ("CZ", "[0-9]{9,10}", "cz.dic"),
        ("ES", "[0-9]{8}[A-Z]|[KLMXYZ][0-9]{7}[A-Z]", "es.nif"),
        ("IS", "[0-3][0-9]{9}", "is_.kennitala"),
        ("LT", "[3-6][0-9]{10}", "lt.asmens"),
        ("LV", "[0-3][0-9]{10}", "lv.pvn"),
        ("RO", "[0-9]{13}", "ro.cnp"),
        ("SK", "[0-9]{9,10}", "sk.rc"),
    )
}
# Under which of the network's codes they stand
PEPPOL_PERSONS = {
    "0196": "IS",
    "9920": "ES",
    "9926": "BG",
    "9929": "CZ",
    "9937": "LT",
    "9939": "LV",
    "9947": "RO",
    "9950": "SK",
}

# The Peppol network's list of participant identifier schemes (ISO 6523 codes): those that are checked …
PEPPOL_CHECKED = _checks(
    """
    0002 fr.siren
    0007 se.orgnr
    0009 fr.siret
    0088 ean
    0151 au.abn
    0183 ch.uid
    0184 dk.cvr
    0188 jp.cn
    0191 ee.registrikood
    0192 no.orgnr
    0199 lei
    0208 be.vat
    0211 it.iva
    0212 fi.ytunnus
    0213 fi.alv
    9910 hu.anum
    9925 be.vat
    9926 bg.vat
    9930 de.vat
    9938 lu.tva
    9939 lv.pvn
    9957 fr.tva
    """
)
# … and those of which only the form is.
_OTHERS = """
    0037 0060 0096 0097 0106 0130 0135 0142 0147 0154 0158 0170 0177 0190 0193 0194 0195 0196 0198 0200 0201
    0202 0203 0204 0205 0209 0210 0215 0216 0217 0218 0221 0225 0230 0235 0240 9901 9913 9914 9915 9918 9919
    9920 9922 9923 9924 9927 9928 9929 9931 9932 9933 9934 9935 9936 9937 9940 9941 9942 9943 9944 9945 9946
    9947 9948 9949 9950 9951 9952 9953 9955 9959
"""
PEPPOL = frozenset([*PEPPOL_CHECKED, *_OTHERS.split()])
