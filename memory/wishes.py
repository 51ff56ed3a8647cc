"""What a message asks to be done with what is remembered of its writer: that it be told, or forgotten."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

_LONGEST: Final = 400  # characters of a message that asks for it; what is longer brings material along
_SENTENCE: Final = re.compile(r"(?<=[.!?…])\s+|\n+")
_RECORD: Final = re.compile(r"\brec_[0-9a-z]+\b", re.IGNORECASE)
_MESSAGE: Final = re.compile(r"\bmsg_[0-9a-z]+\b")
_LEAD: Final = (
    r"^[\s¿¡]*(?:(?:hi|hello|hey|ok(?:ay)?|well|so|and|now|then|also|actually|freya|please|just|kindly|hallo|also|und|bitte|dann|"
    r"nun|jetzt|hola|oye|y|ahora|entonces|por favor|привет|и|а|ну|теперь|пожалуйста)\b[,.!:]*\s+)*"
)
_EN_OF: Final = (
    r"(?:(?:everything|all|anything|whatever|what)(?: of what)?(?: that)? "
    r"(?:you (?:know|remember|learned|learnt|noted|stored|saved|(?:have |'ve )?(?:got|noted|stored|saved|remembered|learned|learnt|kept)?)"
    r"|i(?:'ve| have)? (?:ever )?(?:said|told you|mentioned))(?: to you)? (?:about|of|on|regarding) )"
)
_TAIL: Final = re.compile(
    r"[,\s]+(?:please|thanks|thank you|bitte|danke|por favor|gracias|пожалуйста|спасибо)(?=[.!?]*$)",
    re.IGNORECASE,
)
_EN_NOTE: Final = r"(?:(?:the |any |all |all the |this |that )?(?:facts?|memory|memories|notes?|records?|entry|information|preference) )"
_EN_ASKS: Final = (
    r"(?:(?:can|could|would|will) you (?:please |kindly )?|i(?:'d| would) like you to |i want you to |i need you to |"
    r"you (?:can|should|may|must|have to|need to) |(?:i(?:'d| would) )(?:rather|prefer(?: that)?|prefer it if) (?:you )?)?"
)


def _compiled(**patterns: Sequence[str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Patterns of a whole sentence, each with the code of its language."""
    return tuple(
        (language, re.compile(_LEAD + pattern + r"[\s.!?]*$", re.IGNORECASE))
        for language, of_language in patterns.items()
        for pattern in of_language
    )


_FORGET: Final = _compiled(
    en=(
        (
            rf"{_EN_ASKS}(?:please )?(?:forget|forgot|unlearn)(?: please)? (?:{_EN_OF}|{_EN_NOTE}?that (?=i\b|i'|my\b|we\b|our\b)|(?P<aside>(?:all )?about (?=my\b|our\b))|"
            r"(?=my\b|our\b|where\b|who\b|when\b|how old\b|i\b|i'm\b))(?P<what>.+?)"
        ),
        rf"{_EN_ASKS}(?:please )?(?:delete|erase|remove|wipe|clear|drop|forget|scrub) (?:{_EN_OF}|{_EN_NOTE}(?:that (?=i\b|i'|my\b|we\b)|about (?=me\b|my\b|our\b)|of (?=my\b)))(?P<what>.+?)",
        rf"{_EN_ASKS}(?:please )?(?:delete|erase|remove|wipe|clear|drop|forget|scrub) (?:that )?(?P<what>.+?) (?:from|in|out of) (?:your |the )?memor(?:y|ies)",
        (
            r"i (?:do not|don't|no longer|never|didn't|did not) (?:want|wish|like|need) you to (?:remember|know|keep|store|retain)"
            rf"(?: in mind)? (?:{_EN_OF}|that |about |(?=my\b|where\b|who\b|when\b|how old\b))(?P<what>.+?)"
        ),
        (
            r"(?:do not|don't|never|stop|no longer) (?:remember|remembering|memori[sz]e|memori[sz]ing|keep in mind|keeping in mind|retain) "
            r"(?:that |about )?(?=i\b|i'|my\b|where\b|who\b|when\b|we\b|our\b)(?P<what>.+?)"
        ),
    ),
    de=(
        (
            r"(?:(?:kannst|könntest|würdest) du (?:bitte )?|können sie (?:bitte )?|ich (?:will|möchte),? dass du )?"
            r"(?:vergiss|vergesse|vergessen|vergisst|lösche?|löschen|löschst|entferne|streiche?)(?: sie)?(?: bitte)?,?(?: wieder)? "
            r"(?:(?:alles|das),? was (?:du|sie) (?:über|von) |was (?:du|sie) (?:über|von) |(?:alles|das)?,? ?was ich (?:dir |ihnen )?(?:über|von) |"
            r"dass |(?=mein|wo |wer |wie alt|wann ))(?P<what>.+?)(?:,? (?:weißt|weisst|wissen|gespeichert hast|gemerkt hast|notiert hast|gesagt habe|erzählt habe))?"
        ),
        r"(?:kannst|könntest|würdest) du (?:bitte )?(?P<what>mein.+?) (?:bitte )?(?:vergessen|löschen|aus deinem gedächtnis (?:löschen|streichen))",
        r"(?:lösche?|streiche?|entferne)(?: bitte)? (?P<what>mein.+?) aus (?:deinem|dem) (?:gedächtnis|speicher)",
        r"ich (?:will|möchte|mag) nicht(?: mehr)?,? dass du (?:(?:dir|dich)(?: daran)? )?(?:merkst|behältst|weißt|weisst|erinnerst|speicherst),? (?:dass )?(?P<what>.+?)",
        r"(?:merk|merke|erinnere) (?:dir|dich) (?:bitte )?nicht(?: mehr)?(?: daran)?,? dass (?P<what>.+?)",
    ),
    es=(
        (
            r"(?:(?:puedes|podrías|quiero que|me gustaría que) )?(?:olvida|olvide|olvides|olvidar|olvídate|olvídese|olvidarte|borra|borre|borres|borrar|elimina|elimine|elimines|eliminar)"
            r"(?:,? por favor,?)?(?: de)? (?:(?:todo )?lo que (?:sabes|sabe|recuerdas|tienes|te dije|te conté|dije)(?: guardado)? (?:de|sobre|acerca de) |que (?:yo )?|"
            r"(?=mis? |dónde |quién |cuándo ))(?P<what>.+?)(?: de tu memoria)?"
        ),
        r"no quiero que (?:recuerdes|sepas|guardes|te acuerdes)(?: de)? (?:que )?(?P<what>.+?)",
        r"no (?:recuerdes|guardes|memorices) (?:que )(?P<what>.+?)",
    ),
    ru=(
        (
            r"(?:(?:можешь|можете|мог бы ты|я хочу,? чтобы ты) )?(?:забудь|забудьте|забыть|забыла?|удали|удалите|удалить|сотри|сотрите|стереть)(?: из памяти)?(?:,? пожалуйста,?)?,? "
            r"(?:(?:всё|все|то),? что (?:ты|вы) (?:знаешь|знаете|помнишь|помните) (?:о|об|обо|про) |что (?:ты|вы) (?:знаешь|знаете|помнишь) (?:о|об|обо|про) |"
            r"(?:всё|все|то),? что я (?:говорила?|сказала?|рассказывала?) (?:тебе |вам )?(?:о|об|обо|про) |что |(?:о|об|про) (?=мо|наш)|(?=мо[йяеёиюг]|где |кто |когда ))(?P<what>.+?)"
        ),
        r"(?:я )?не хочу,? чтобы (?:ты|вы) (?:помнила?|помнили|знала?|знали|запоминала?),? (?:что )?(?P<what>.+?)",
        r"не (?:помни|запоминай|запоминайте),? что (?P<what>.+?)",
    ),
)
_FORGET_ALL: Final = _compiled(
    en=(
        (
            rf"{_EN_ASKS}(?:please )?(?:forget|delete|erase|remove|wipe|clear)(?: out)? (?:me|everything|all(?: of it)?|(?:all (?:of )?)?(?:my|your) (?:data|memor(?:y|ies)|history|records)|"
            r"(?:everything|all|anything|whatever|what)(?: that)? (?:you |i(?:'ve| have)? )(?:know|remember|have|told you|said|(?:have )?(?:stored|saved|noted|learned))(?: (?:about|of|on) (?:me|myself|us))?|"
            r"(?:everything|all|all (?:the )?(?:data|memories|information|records|facts)) (?:about|of|on) (?:me|myself))(?: from (?:your )?memory)?(?: please)?"
        ),
        r"i (?:do not|don't|no longer) want you to (?:remember|know|keep|store) (?:anything|me)(?: (?:about|of) me)?",
        r"olvídame",
    ),
    de=(
        r"(?:(?:kannst|könntest) du (?:bitte )?)?(?:vergiss|vergessen|lösche?|löschen)(?: sie)?(?: bitte)? (?:mich|alles|alle meine daten|meine daten|(?:alles,? )?was du (?:über mich|von mir) weißt|alles über mich)(?: (?:vergessen|löschen))?",
    ),
    es=(
        r"(?:(?:puedes|podrías) )?(?:olvida|olvídate|borra|elimina|olvidar|borrar)(?: de)? (?:mí|todo|todos mis datos|mis datos|(?:todo )?lo que sabes (?:de|sobre) mí|todo (?:sobre|de) mí)",
    ),
    ru=(
        r"(?:забудь|забудьте|удали|удалите|сотри) (?:меня|всё|все|все мои данные|мои данные|(?:всё|все)(?:,? что (?:ты|вы) (?:знаешь|знаете|помнишь))? (?:обо мне|про меня))",
    ),
)
_KNOW: Final = _compiled(
    en=(
        (
            r"(?:can you |could you )?(?:please )?(?:(?:tell|show|give|list)(?: me)? )?(?:what(?: all| else| exactly| kind of (?:things|information))?|everything|all|which (?:facts|things)|do|the (?:things|facts))"
            r"(?: that)? (?:do |did |have |information do |data do |facts do |things do )?you (?:actually |really |currently |already |still |even |now )?"
            r"(?:know|remember|recall|have|hold|keep|store|got|noted|stored|saved|learned|learnt|remembered)(?: (?:anything|something|stored|saved|noted|learned))?"
            r" (?:about|of|on|regarding) (?:me|myself|us|(?:my|our) (?P<what>.+?))(?: (?:so far|already|by now|right now|please))?"
        ),
        r"what(?: all| else)? (?:do|can) you (?:still )?(?:remember|recall)(?: (?:so far|from before|from our (?:past |earlier |previous )?(?:chats|conversations)))?",
        r"how much do you (?:know|remember) about me",
        r"what(?: is|'s)(?: there)? in your memory(?: (?:about|of) me)?",
        r"(?:show|list)(?: me)? (?:all )?(?:my memories|your memories of me|your memory of me|what you remember)",
    ),
    de=(
        r"was (?:alles )?(?:weißt|weisst) du (?:alles |so |denn |eigentlich |noch )*(?:über|von) (?:mich|mir|mein\w* (?P<what>.+?))",
        r"was hast du (?:dir )?(?:alles )?(?:über|von|zu) (?:mich|mir|mein\w* (?P<what>.+?)) (?:gespeichert|gemerkt|notiert|behalten)",
        r"(?:zeig|zeige|sag|sage|erzähl|erzähle|nenn|nenne)(?: mir)?,? (?:alles,? )?was du (?:alles )?(?:über|von) (?:mich|mir|mein\w* (?P<what>.+?)) (?:weißt|weisst|gespeichert hast)",
        r"(?:woran|an was) erinnerst du dich(?: (?:bei|von) mir)?",
    ),
    es=(
        r"(?:dime |muéstrame )?(?:todo )?(?:qué|que|lo que|cuánto) (?:sabes|recuerdas|has guardado|tienes guardado|has aprendido) (?:tú )?(?:de|sobre|acerca de) (?:mí|mi|mis? (?P<what>.+?))",
    ),
    ru=(
        r"(?:расскажи|расскажите|скажи|покажи)?(?: мне)?,? ?(?:всё,? |все,? )?что (?:ты|вы) (?:знаешь|знаете|помнишь|помните|запомнила?) (?:обо мне|про меня|(?:о|об|про) (?:мо|наш)\w+ (?P<what>.+?))",
        r"что (?:ты|вы) (?:обо мне|про меня) (?:знаешь|знаете|помнишь|помните)",
        r"что тебе обо мне известно",
    ),
)
_ANYHOW: Final = _compiled(
    en=(
        rf"{_EN_ASKS}(?:please )?(?:forget|unlearn|erase|delete|remove|wipe|scrub|strike)\b.{{0,60}}\bthat (?:i|i'm|i've|my|we|our)\b.*",
    ),
)
_NAMES: Final = _compiled(
    en=(rf"{_EN_ASKS}(?:forget|delete|erase|remove)\b[^.!?]{{0,30}}\brec_.*",),
    de=(r"(?:vergiss|lösche?|vergessen sie)\b[^.!?]{0,30}\brec_.*",),
    es=(r"(?:olvida|borra|elimina)\b[^.!?]{0,30}\brec_.*",),
    ru=(r"(?:забудь|забудьте|удали|удалите)\b[^.!?]{0,30}\brec_.*",),
)
_COURTESY: Final = re.compile(
    r"^\W*(?:(?:hi|hello|hey|thanks|thank you|please|freya|ok(?:ay)?|hallo|danke|bitte|hola|gracias|por favor|привет|спасибо|пожалуйста)\b\W*){1,4}$",
    re.IGNORECASE,
)
_ME: Final = re.compile(r"^(?:me|myself|mich|mir|mí|меня|мне)$", re.IGNORECASE)
_POINTING: Final = re.compile(
    r"^(?:it|that|this|them|everything|all|anything|eso|esto|das|es|это|этом)$", re.IGNORECASE
)
_ALL: Final = re.compile(
    r"^\W*(?:please |yes,? )*(?:all(?: of (?:them|those|these))?|both(?: of them)?|every one(?: of them)?|"
    r"(?:bitte )?(?:alle|beide|alles)|(?:por favor,? )?(?:tod[oa]s(?: ell[oa]s)?|amb[oa]s|l[oa]s dos)|(?:пожалуйста,? )?(?:все|всё|оба|обе))(?: please| bitte| por favor)?\W*$",
    re.IGNORECASE,
)
_NONE: Final = re.compile(
    r"^\W*(?:no|none(?: of them)?|neither|nothing|never mind|nein|keine[ns]?|nichts|ningun[oa]|nada|нет|ничего|никакую)\b.{0,30}$",
    re.IGNORECASE,
)
_YES: Final = re.compile(
    r"^\W*(?:yes|yep|yeah|sure|right|exactly|that one|ja|genau|sí|si|eso|да|верно)\b.{0,30}$", re.IGNORECASE
)
_ORDINALS: Final = (
    r"first|1(?:st)?|one|erste[rns]?|primer[oa]?|перв\w+",
    r"second|2(?:nd)?|two|zweite[rns]?|segund[oa]|втор\w+",
    r"third|3(?:rd)?|three|dritte[rns]?|tercer[oa]?|трет\w+",
    r"fourth|4(?:th)?|four|vierte[rns]?|cuart[oa]|четвёрт\w+|четверт\w+",
    r"fifth|5(?:th)?|five|fünfte[rns]?|quint[oa]|пят\w+",
)
_LAST: Final = r"last|letzte[rns]?|últim[oa]|последн\w+"
_PICK: Final = (
    r"^\W*(?:please |just |only |forget |delete |bitte |nur |solo |sólo |пожалуйста |только )*(?:the |number |no\.? |das |die |den |el |la )?"
    r"(?:{})(?: one| of them| please| bitte| por favor)?\W*$"
)
_HINTS: Final = (
    "forg,unlearn,delete,erase,remove,wipe,clear,drop,scrub,remember,memori,in mind,retain,you to,vergiss,vergess,lösch,entfern,"
    "streich,merk,erinner,nicht,olvid,olvíd,borr,elimin,quiero,recuerd,guard,забуд,забы,удали,сотри,стереть,хочу,помни,запомин"
).split(",")
"""One of these stands in each sentence that asks for forgetting: most others need no closer look."""


@dataclass(frozen=True, kw_only=True)
class ForgetWish:
    """What is to be forgotten."""

    about: str = ""
    """In the user's words, without those that ask for it; empty for all that is known of him, or where `ids` say it."""
    ids: tuple[str, ...] = ()
    """Of the records that he named."""
    everything: bool = False
    sure: bool = True
    """Whether the words can mean nothing else: "forget about my job" may just leave a subject."""
    besides: bool = False
    """Whether the message says or asks something else too."""
    language: str = "en"
    """Its BCP 47 code."""


@dataclass(frozen=True, kw_only=True)
class KnowWish:
    """That what is known be told."""

    about: str = ""
    """Of what, in the user's words; empty for all."""
    language: str = "en"
    """Its BCP 47 code."""


def wish_to_forget(message: str) -> ForgetWish | None:
    """What a message asks to be forgotten, of several such sentences the first; None where it asks for nothing of the kind."""
    if len(message) > _LONGEST:
        return None
    sentences = _sentences(message)
    for sentence in sentences:
        if wish := _forget(sentence):
            rest = [other for other in sentences if other is not sentence and not _is_courtesy(other)]
            return replace(wish, besides=bool(rest))
    return None


def wish_to_know(message: str) -> KnowWish | None:
    """What a message asks to be told of what is known of its writer; None where it asks something else."""
    sentences = [sentence for sentence in _sentences(message) if not _is_courtesy(sentence)]
    if len(sentences) != 1 or len(message) > _LONGEST:
        return None
    said = _plain(sentences[0])
    for language, pattern in _KNOW:
        if match := pattern.match(said):
            about = (match.groupdict().get("what") or "").strip()
            return KnowWish(about=about, language=language)
    return None


def asks_to_forget(text: str) -> bool:
    """Whether a sentence of the text asks that something be forgotten."""
    return any(_states_nothing(sentence) for sentence in _sentences(text))


def without_wishes(text: str) -> str:
    """The text without the sentences which ask that something be forgotten: they state nothing."""
    kept = [sentence for sentence in _sentences(text) if not _states_nothing(sentence)]
    return text if len(kept) == len(_sentences(text)) else "\n".join(kept)


def chosen(message: str, offered: Sequence[str]) -> tuple[str, ...] | None:
    """Which of the records that were offered, in that order, a message names; () for none of them, None where it says neither."""
    if not offered:
        return None
    if named := tuple(each for each in record_ids(message) if each in offered):
        return named
    if _ALL.match(message) or (_YES.match(message) and len(offered) == 1):
        return tuple(offered)
    if _NONE.match(message):
        return ()
    if re.match(_PICK.format(_LAST), message, re.IGNORECASE):
        return (offered[-1],)
    for record_id, words in zip(offered, _ORDINALS, strict=False):
        if re.match(_PICK.format(words), message, re.IGNORECASE):
            return (record_id,)
    return None


def record_ids(text: str) -> tuple[str, ...]:
    """The ids of records that stand in a text, in order."""
    return tuple(dict.fromkeys(found.lower() for found in _RECORD.findall(text)))


def message_ids(text: str) -> tuple[str, ...]:
    """The ids of messages that stand in a text, in order."""
    return tuple(dict.fromkeys(_MESSAGE.findall(text)))


def _states_nothing(sentence: str) -> bool:
    """Also of words that ask for it in a way which is not understood."""
    return _forget(sentence) is not None or any(pattern.match(_plain(sentence)) for _, pattern in _ANYHOW)


def _forget(sentence: str) -> ForgetWish | None:
    said = _plain(sentence)
    folded = said.casefold()
    if not any(hint in folded for hint in _HINTS):
        return None
    for language, pattern in _FORGET_ALL:
        if pattern.match(said):
            return ForgetWish(everything=True, language=language)
    for language, pattern in _NAMES:
        if pattern.match(said):
            return ForgetWish(ids=record_ids(said), language=language)
    for language, pattern in _FORGET:
        if match := pattern.match(said):
            about = match["what"].strip(" ,.;:!?")
            if _ME.match(about):
                return ForgetWish(everything=True, language=language)
            if _POINTING.match(about):
                return None
            return ForgetWish(about=about, sure=not match.groupdict().get("aside"), language=language)
    return None


def _is_courtesy(sentence: str) -> bool:
    return _COURTESY.match(sentence) is not None


def _sentences(text: str) -> list[str]:
    return [sentence.strip() for sentence in _SENTENCE.split(text) if sentence.strip()]


def _plain(sentence: str) -> str:
    return _TAIL.sub("", " ".join(sentence.replace("’", "'").split()))
