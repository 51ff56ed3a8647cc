"""Which language a request is written in, and how languages are called in requests."""

import re
from collections import Counter

LANGUAGES: dict[str, tuple[str, str]] = {
    "English": ("en", r"english|englisch|inglés|anglais|английск\w*|англійськ\w*"),
    "Russian": ("ru", r"russian|russisch|ruso|russe|русск\w*|російськ\w*"),
    "Ukrainian": ("uk", r"ukrainian|ukrainisch|ucraniano|украинск\w*|українськ\w*"),
    "Spanish": ("es", r"spanish|spanisch|español|castellano|espagnol|испанск\w*"),
    "German": ("de", r"german|deutsch|alemán|allemand|немецк\w*|німецьк\w*"),
    "French": ("fr", r"french|französisch|francés|français|французск\w*"),
    "Italian": ("it", r"italian|italienisch|italiano|italien|итальянск\w*"),
    "Portuguese": ("pt", r"portuguese|portugiesisch|portugués|português|португальск\w*"),
    "Dutch": ("nl", r"dutch|nederlands|niederländisch"),
    "Polish": ("pl", r"polish|polnisch|polski|польск\w*"),
    "Czech": ("cs", r"czech|tschechisch|čeština|česky|чешск\w*"),
    "Romanian": ("ro", r"romanian|română|rumänisch"),
    "Bulgarian": ("bg", r"bulgarian|български"),
    "Serbian": ("sr", r"serbian|srpski|сербск\w*"),
    "Greek": ("el", r"greek|griechisch|ελληνικά"),
    "Turkish": ("tr", r"turkish|türkisch|türkçe|турецк\w*"),
    "Arabic": ("ar", r"arabic|arabisch|العربية|арабск\w*"),
    "Hebrew": ("he", r"hebrew|עברית|иврит\w*"),
    "Persian": ("fa", r"persian|farsi|فارسی"),
    "Hindi": ("hi", r"hindi|हिन्दी"),
    "Bengali": ("bn", r"bengali|bangla"),
    "Urdu": ("ur", r"urdu"),
    "Chinese": ("zh", r"chinese|mandarin|cantonese|中文|китайск\w*"),
    "Japanese": ("ja", r"japanese|日本語|японск\w*"),
    "Korean": ("ko", r"korean|한국어|корейск\w*"),
    "Vietnamese": ("vi", r"vietnamese|tiếng việt"),
    "Thai": ("th", r"thai|ไทย"),
    "Indonesian": ("id", r"indonesian|bahasa"),
    "Kazakh": ("kk", r"kazakh|казахск\w*|қазақ\w*"),
    "Georgian": ("ka", r"georgian|грузинск\w*"),
    "Armenian": ("hy", r"armenian|армянск\w*"),
    "Swedish": ("sv", r"swedish|svenska|schwedisch"),
    "Norwegian": ("no", r"norwegian|norsk"),
    "Danish": ("da", r"danish|dansk"),
    "Finnish": ("fi", r"finnish|suomi|suomeksi"),
    "Hungarian": ("hu", r"hungarian|magyar\w*"),
}
"""English name -> (BCP 47 code, pattern of its names in lower case)."""

_SCRIPTS = (
    ("Greek", "\u0370-\u03ff"),
    ("Hebrew", "\u0590-\u05ff"),
    ("Arabic", "\u0600-\u06ff"),
    ("Hindi", "\u0900-\u097f"),
    ("Thai", "\u0e00-\u0e7f"),
    ("Georgian", "\u10a0-\u10ff"),
    ("Armenian", "\u0530-\u058f"),
    ("Japanese", "\u3040-\u30ff"),
    ("Korean", "\uac00-\ud7af"),
    ("Chinese", "\u4e00-\u9fff"),
    ("Russian", "\u0400-\u04ff"),
)
_FUNCTION_WORDS = {
    "English": "the a an for and with to of that is are my our we in on it can should by i want need",
    "Spanish": "el la los las un una para y con de que es mi en por quiero necesito del se su "
    "hola gracias qué cómo cuál cuánto cuántos cuántas quién dónde buenos buenas adiós está tal sí hasta calcula escribe tu tus",
    "German": "der die das ein eine einen für und mit von zu ist mein im auf ich wir brauche den dem "
    "hallo danke guten tschüss wie kannst du dir mir dein deinen bist wer welche welcher nicht oder bei berechne schreib gib zeig vielen dank",
    "French": "le la les un une pour et avec de que est mon ma en dans je nous des du sur qui",
    "Italian": "il lo gli un una per e con di che è mio in voglio del della su sono",
    "Portuguese": "o os as um uma para e com de que é meu em quero do da no na por",
    "Dutch": "de het een voor en met van dat is mijn in op ik wij",
    "Polish": "dla i z do że jest mój w na chcę się oraz który",
    "Turkish": "bir için ve ile bu da de olan istiyorum",
}
_STOP = {name: frozenset(words.split()) for name, words in _FUNCTION_WORDS.items()}


def written_in(text: str) -> str:
    """The English name of the language the text is most likely written in; English when nothing tells."""
    letters = sum(1 for letter in text if letter.isalpha()) or 1
    for name, span in _SCRIPTS:
        # Chinese characters stand in Japanese text too, so the more telling script comes first in the list.
        share = 0.1 if name == "Japanese" else 0.3
        if len(re.findall(f"[{span}]", text)) / letters >= share:
            if name == "Russian" and re.search("[іїєґ]", text.lower()):
                return "Ukrainian"
            return name
    words = Counter(re.findall(r"[^\W\d_]+", text.lower()))
    scores = {name: sum(words[word] for word in stop) for name, stop in _STOP.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > scores["English"] else "English"


def code(language: str) -> str:
    """The BCP 47 code of a language by its English name; `und` for one that is not listed."""
    return LANGUAGES.get(language, ("und", ""))[0]
