"""Words that say nothing of what a text is about, in English, German, Spanish and Russian."""

_ENGLISH = """
a about above after again all also am an and any are as at be because been before being below between both but by can could did do
does doing don't down during each every few for from further get had has have having he her here hers him his how i if in into is
isn't it it's its just like made make many may me more most much my no nor not now of off on once one only or other our out over own
same she should so some such than that the their them then there these they this those through to too under until up upon us use
very was we were what when where which while who whom why will with would you your yours we're you're
"""
_GERMAN = """
ab aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis bist da damit dann das dass dein deine
dem den denn der des dich die dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines er es etwas euch
euer für gegen haben hat hatte hier hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in ins ist ja jede jedem jeden jeder jedes
jetzt kann kein keine keinen können machen man mehr mein meine mit muss nach nicht nichts noch nun nur ob oder ohne schon sehr sein seine
seit sich sie sind so soll über um und uns unser unser unsere unserem unseren unserer unter viel viele vom von vor war waren was weil wenn wer
werden wie wieder will wir wird wo wurde wurden zu zum zur zwischen
"""
_SPANISH = """
a al algo ante antes como con contra cual cuando de del desde donde dos el él ella ellas ellos en entre era es esa ese eso esta está este
esto estos están fue ha hace han hasta hay la las le les lo los más me mi mis mucho muy nada ni no nos nosotros nuestra nuestras nuestro
nuestros o os otra otro para pero poco por porque que qué quien se sea ser si sí sin sobre son su sus también tan te tiene todo toda
todos todas tu tus tú un una uno unos unas usted ustedes va y ya yo
"""
_RUSSIAN = """
без был была были было быть в вам вас ваш ваша ваше ваши во вот все всё всех вы где да для до его ее её если есть еще ещё же за здесь и из или
им их к как ко когда который которые ли лучше между меня мне может мой мы на над надо нам нас наш наша наше наши не него нее нет ни них но ну о
об один он она они от очень по под при про с сам свой своя свои себя со так также такой там то только том тот ты у уже чем что чтобы эта эти это
этот я
"""
BY_LANGUAGE = {
    name: frozenset(words.split())
    for name, words in (
        ("English", _ENGLISH),
        ("German", _GERMAN),
        ("Spanish", _SPANISH),
        ("Russian", _RUSSIAN),
    )
}
COMMON_WORDS = frozenset().union(*BY_LANGUAGE.values())
