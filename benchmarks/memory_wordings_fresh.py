"""Wordings of a planted history by another author, written without sight of those in `memory_history`."""

FACTS = [
    (
        "quick detour before the chart: I grew up in {city}, right behind the fish market",
        "Which town did I spend my childhood in?",
    ),
    (
        "sorry for the delay, {person} (my little brother) needed a lift to the vet with {pet}",
        "What's my brother's name?",
    ),
    (
        "by the way {pet}, that's our parrot, has learnt to imitate the alert sound",
        "What is the name of our bird?",
    ),
    (
        "I should mention that the studio is in {city} now, above a shoe repair place",
        "Where is our studio located?",
    ),
    ("my physio, {person}, says no more than an hour at the desk", "Who treats my back?"),
    (
        "the van finally passed its inspection after we had it sprayed {colour}",
        "What colour did we paint the van?",
    ),
    (
        "I did my apprenticeship with a watchmaker in {city}, so fiddly stuff is fine by me",
        "In what place did I train with a watchmaker?",
    ),
    (
        "{person} from the choir keeps the minutes, I only count the money",
        "Who writes the protocol in our choir?",
    ),
    (
        "in case it matters for the invoice, the company is registered in {city}",
        "Where is my company registered?",
    ),
    (
        "our eldest, {person}, has just got into medical school, we're over the moon",
        "Which child of ours is going to become a doctor?",
    ),
    (
        "I keep the seed phrase in a bank box in {city}, nowhere digital",
        "Where did I say the backup of the wallet lies?",
    ),
    ("funny thing, the first boat I ever had was called {pet}", "How was my first boat named?"),
    (
        "{person} is the one who lent me the money for the oven, interest free",
        "Who gave me a loan for the oven?",
    ),
    (
        "my blood type came back as something rare, but the bigger news is that I have to avoid grapefruit with these pills",
        "Which fruit must I not eat with my medication?",
    ),
    (
        "I write everything with a {colour} fountain pen, even the trading journal",
        "What sort of pen do I use?",
    ),
    (
        "the landlord in {city} wants the deposit in cash, typical",
        "In which town is the landlord who asks for cash?",
    ),
    (
        "I played goalkeeper for the reserves until a shoulder injury stopped that",
        "What position did I play in the team?",
    ),
    ("{person}, our bookkeeper, only takes files as CSV with semicolons", "Who does our books?"),
    ("we named the little delivery bike {pet}, the customers love it", "What do we call the delivery bike?"),
    (
        "I have season tickets for the opera in {city}, two seats in the second row",
        "Where do I go to the opera?",
    ),
    (
        "our shutters and the shop front are {colour}, the listed-building people insist",
        "Which colour is the front of our shop?",
    ),
    (
        "{person} taught me how to read an order book, back when we shared a desk",
        "From whom did I learn about order books?",
    ),
    ("my passport was issued in {city}, if the form asks for it", "Where was my passport issued?"),
    ("I'm terrible with heights, had to be talked down from a lighthouse once", "What am I afraid of?"),
]
PREFERENCES = [
    (
        "the shape of answers",
        ["a numbered list", "one flowing paragraph", "a table with two columns", "three short bullets"],
        [
            "if it's all the same to you, I'd take {value} over anything else when you answer",
            "{value} is what I want to see when you reply",
        ],
        [
            "forget what I told you about the shape, {value} reads best to me now",
            "new rule for how you reply: {value}",
        ],
        "In what shape do I want your replies?",
    ),
    (
        "the candle interval",
        ["the hourly", "the daily", "the four hour", "the weekly"],
        ["when you show me candles, take {value} ones", "I look at {value} candles and nothing else"],
        ["{value} candles from here on, I've had enough of the others", "I've moved on to {value} candles"],
        "Which candles do I look at?",
    ),
    (
        "the exchange",
        ["Kraken", "Bitstamp", "Gemini", "Bitfinex"],
        ["all my orders go through {value}", "my account's with {value}, use their fees"],
        [
            "closed that account, my orders go through {value} these days",
            "I've changed exchange, it's {value} from today",
        ],
        "Through which exchange do my orders go?",
    ),
    (
        "the tone of copy",
        ["deadpan", "warm and chatty", "formal", "a bit cheeky"],
        [
            "for anything that customers read, the voice should be {value}",
            "write our copy in a {value} voice",
        ],
        [
            "the voice wasn't working, make our copy {value} from now on",
            "we rethought the voice: {value} it is",
        ],
        "What voice should our copy have?",
    ),
    (
        "the drink",
        ["rooibos", "espresso", "oat milk cocoa", "ginger beer"],
        ["can't think without {value}, my drink of choice", "{value} is my drink when I work"],
        ["went off it completely, {value} is my drink now", "my drink at the desk is {value} these days"],
        "What do I drink while working?",
    ),
    (
        "the day of the review",
        ["Tuesday", "Friday", "Sunday", "Wednesday"],
        ["I go over my trades every {value}", "{value} is when I sit down and review the week's trades"],
        ["the review of my trades has moved to {value}", "these days I go over my trades on {value}"],
        "On which day do I review my trades?",
    ),
]
CONTRADICTIONS = [
    (
        "I've never owned a pet in my life",
        "we took in an old tomcat, so there's a pet at home after all",
        "Is there an animal in my household?",
    ),
    (
        "the flat in {city} is ours, no mortgage, nothing",
        "we let the flat in {city} go, the sale went through",
        "Do I still own the flat?",
    ),
    (
        "{person} is my business partner, fifty-fifty",
        "{person} has left, I bought the other half of the business",
        "Who owns the business with me?",
    ),
    (
        "I go running by the canal before breakfast",
        "the doctor has forbidden running, it's aqua fitness for me",
        "What exercise do I do?",
    ),
    (
        "our office walls are {colour}",
        "the office got repainted and the {colour} is history, plain white now",
        "What do the walls of the office look like?",
    ),
    ("we've no debts at all", "we've taken a loan for the new ovens", "Do we owe anybody money?"),
    (
        "I'm on the free plan of the newsletter tool",
        "I upgraded the newsletter tool to the paid plan",
        "What plan am I on for newsletters?",
    ),
    ("I don't do weekends", "Saturdays are working days for me now", "Do I work on weekends?"),
]
EVENTS = [
    ("{person} and I signed the lease {when}", "When did we sign the lease?"),
    ("the roof leaked all over the servers {when}", "When did water get to the servers?"),
    ("I flew to {city} {when} for the trade fair", "When was I at the trade fair?"),
    ("{when} the bank finally unblocked my card", "When did I get my card working again?"),
    ("we had the baptism of {person} {when}", "When was the baptism?"),
    ("I sold the caravan {when}", "When did I get rid of the caravan?"),
    ("{pet} got lost in the woods {when} and turned up at the butcher's", "When did {pet} run away?"),
    ("{when} I sat the licence exam, second attempt", "When did I take my exam?"),
]
TALK = [
    (
        "what would a trailing stop have done on that last leg?",
        "It would have left you in for most of the move and taken you out near the second pullback.",
    ),
    ("can you shorten the intro by half", "Here is a version with half the words; the hook now comes first."),
    (
        "is that spread normal for this hour",
        "It is wider than the average of the last week, but not unusual before the open.",
    ),
    (
        "how many testers do we need for a price survey?",
        "For a rough curve a few dozen answers do; for segments plan on several hundred.",
    ),
    (
        "hmm, and if volume dries up?",
        "Then the breakout is less reliable; waiting for a retest costs little.",
    ),
    ("put the second paragraph in plainer words", "Done. It now says what changes, for whom, and from when."),
    (
        "what would break first under load",
        "The single worker that renders the reports; it has no queue in front of it.",
    ),
    ("give me a headline with a number in it", "Seven mornings to a calmer inbox."),
    (
        "remind me how funding is worked out",
        "It is the premium of the perpetual over the index, averaged over the interval, plus an interest part.",
    ),
    ("which metric would you drop?", "Impressions; nothing that you decide depends on it."),
    ("does that hold for thin markets as well", "Less so, since a single order can move the average."),
    (
        "compare the two offers for me",
        "The first is cheaper in the first year, the second from month fifteen on.",
    ),
    (
        "I still don't get the difference between the two tests",
        "One asks whether the means differ, the other whether the whole shapes do.",
    ),
    ("can that be done without a lawyer?", "The filing can, the shareholder agreement should not."),
    ("try again, with fewer adjectives", "Here it is with the adjectives gone and the verbs doing the work."),
    ("what's the usual fee for that", "Between half a percent and two percent, depending on volume."),
]
