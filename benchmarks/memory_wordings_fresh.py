"""Wordings of a planted history by another author, written without sight of those of `memory_history`."""

from benchmarks.memory_history import CITIES, COLOURS, PEOPLE, PETS, USUAL, Wordings

_NONE = [""]

FRESH = Wordings(
    facts=(
        (
            ("quick detour before the chart: I grew up in {}, right behind the fish market",),
            ("Which town did I spend my childhood in?",),
            CITIES,
        ),
        (
            ("sorry for the delay, {} (my little brother) needed a lift to the vet with Waffles",),
            ("What's my brother's name?",),
            PEOPLE,
        ),
        (
            ("by the way {}, that's our parrot, has learnt to imitate the alert sound",),
            ("What is the name of our bird?",),
            PETS,
        ),
        (
            ("I should mention that the studio is in {} now, above a shoe repair place",),
            ("Where is our studio located?",),
            CITIES,
        ),
        (("my physio, {}, says no more than an hour at the desk",), ("Who treats my back?",), PEOPLE),
        (
            ("the van finally passed its inspection after we had it sprayed {}",),
            ("What colour did we paint the van?",),
            COLOURS,
        ),
        (
            ("I did my apprenticeship with a watchmaker in {}, so fiddly stuff is fine by me",),
            ("In what place did I train with a watchmaker?",),
            CITIES,
        ),
        (
            ("{} from the choir keeps the minutes, I only count the money",),
            ("Who writes the protocol in our choir?",),
            PEOPLE,
        ),
        (
            ("in case it matters for the invoice, the company is registered in {}",),
            ("Where is my company registered?",),
            CITIES,
        ),
        (
            ("our eldest, {}, has just got into medical school, we're over the moon",),
            ("Which child of ours is going to become a doctor?",),
            PEOPLE,
        ),
        (
            ("I keep the seed phrase in a bank box in {}, nowhere digital",),
            ("Where did I say the backup of the wallet lies?",),
            CITIES,
        ),
        (("funny thing, the first boat I ever had was called {}",), ("How was my first boat named?",), PETS),
        (
            ("{} is the one who lent me the money for the oven, interest free",),
            ("Who gave me a loan for the oven?",),
            PEOPLE,
        ),
        (
            (
                "my blood type came back as something rare, but the bigger news is that I have to avoid grapefruit with these pills",
            ),
            ("Which fruit must I not eat with my medication?",),
            _NONE,
        ),
        (
            ("I write everything with a {} fountain pen, even the trading journal",),
            ("What sort of pen do I use?",),
            COLOURS,
        ),
        (
            ("the landlord in {} wants the deposit in cash, typical",),
            ("In which town is the landlord who asks for cash?",),
            CITIES,
        ),
        (
            ("I played goalkeeper for the reserves until a shoulder injury stopped that",),
            ("What position did I play in the team?",),
            _NONE,
        ),
        (("{}, our bookkeeper, only takes files as CSV with semicolons",), ("Who does our books?",), PEOPLE),
        (
            ("we named the little delivery bike {}, the customers love it",),
            ("What do we call the delivery bike?",),
            PETS,
        ),
        (
            ("I have season tickets for the opera in {}, two seats in the second row",),
            ("Where do I go to the opera?",),
            CITIES,
        ),
        (
            ("our shutters and the shop front are {}, the listed-building people insist",),
            ("Which colour is the front of our shop?",),
            COLOURS,
        ),
        (
            ("{} taught me how to read an order book, back when we shared a desk",),
            ("From whom did I learn about order books?",),
            PEOPLE,
        ),
        (
            ("my passport was issued in {}, if the form asks for it",),
            ("Where was my passport issued?",),
            CITIES,
        ),
        (
            ("I'm terrible with heights, had to be talked down from a lighthouse once",),
            ("What am I afraid of?",),
            _NONE,
        ),
    ),
    preferences=(
        (
            (
                "if it's all the same to you, I'd take {} over anything else when you answer",
                "{} is what I want to see when you reply",
                "forget what I told you about the shape, {} reads best to me now",
                "new rule for how you reply: {}",
            ),
            ("In what shape do I want your replies?",),
            ["a numbered list", "one flowing paragraph", "a table with two columns", "three short bullets"],
        ),
        (
            (
                "when you show me candles, take {} ones",
                "I look at {} candles and nothing else",
                "{} candles from here on, I've had enough of the others",
                "I've moved on to {} candles",
            ),
            ("Which candles do I look at?",),
            ["the hourly", "the daily", "the four hour", "the weekly"],
        ),
        (
            (
                "all my orders go through {}",
                "my account's with {}, use their fees",
                "closed that account, my orders go through {} these days",
                "I've changed exchange, it's {} from today",
            ),
            ("Through which exchange do my orders go?",),
            ["Kraken", "Bitstamp", "Gemini", "Bitfinex"],
        ),
        (
            (
                "for anything that customers read, the voice should be {}",
                "write our copy in a {} voice",
                "the voice wasn't working, make our copy {} from now on",
                "we rethought the voice: {} it is",
            ),
            ("What voice should our copy have?",),
            ["deadpan", "warm and chatty", "formal", "a bit cheeky"],
        ),
        (
            (
                "can't think without {}, my drink of choice",
                "{} is my drink when I work",
                "went off it completely, {} is my drink now",
                "my drink at the desk is {} these days",
            ),
            ("What do I drink while working?",),
            ["rooibos", "espresso", "oat milk cocoa", "ginger beer"],
        ),
        (
            (
                "I go over my trades every {}",
                "{} is when I sit down and review the week's trades",
                "the review of my trades has moved to {}",
                "these days I go over my trades on {}",
            ),
            ("On which day do I review my trades?",),
            ["Tuesday", "Friday", "Sunday", "Wednesday"],
        ),
    ),
    contradictions=(
        (
            (
                "I've never owned a pet in my life",
                "we took in an old tomcat, so there's a pet at home after all",
            ),
            "Is there an animal in my household?",
        ),
        (
            (
                "the flat in Graz is ours, no mortgage, nothing",
                "we let the flat in Graz go, the sale went through",
            ),
            "Do I still own the flat?",
        ),
        (
            (
                "Amara is my business partner, fifty-fifty",
                "Amara has left, I bought the other half of the business",
            ),
            "Who owns the business with me?",
        ),
        (
            (
                "I go running by the canal before breakfast",
                "the doctor has forbidden running, it's aqua fitness for me",
            ),
            "What exercise do I do?",
        ),
        (
            (
                "our office walls are ochre",
                "the office got repainted and the ochre is history, plain white now",
            ),
            "What do the walls of the office look like?",
        ),
        (("we've no debts at all", "we've taken a loan for the new ovens"), "Do we owe anybody money?"),
        (
            (
                "I'm on the free plan of the newsletter tool",
                "I upgraded the newsletter tool to the paid plan",
            ),
            "What plan am I on for newsletters?",
        ),
        (("I don't do weekends", "Saturdays are working days for me now"), "Do I work on weekends?"),
    ),
    events=(
        ("{} and I signed the lease today", "When did we sign the lease?", PEOPLE),
        ("the roof leaked all over the servers today", "When did water get to the servers?", _NONE),
        ("I flew to {} today for the trade fair", "When was I at the trade fair?", CITIES),
        ("today the bank finally unblocked my card", "When did I get my card working again?", _NONE),
        ("we had the baptism of {} today", "When was the baptism?", PEOPLE),
        ("I sold the caravan today", "When did I get rid of the caravan?", _NONE),
        (
            "{} got lost in the woods today and turned up at the butcher's",
            "When did our animal run away?",
            PETS,
        ),
        ("today I sat the licence exam, second attempt", "When did I take my exam?", _NONE),
    ),
    chatter=(
        *USUAL.chatter,
        "what would a trailing stop have done on that last leg?",
        "can you shorten the intro by half",
        "is that spread normal for this hour",
        "how many testers do we need for a price survey?",
        "hmm, and if volume dries up?",
        "put the second paragraph in plainer words",
        "what would break first under load",
        "give me a headline with a number in it",
        "remind me how funding is worked out",
        "which metric would you drop?",
        "does that hold for thin markets as well",
        "compare the two offers for me",
        "I still don't get the difference between the two tests",
        "can that be done without a lawyer?",
        "try again, with fewer adjectives",
        "what's the usual fee for that",
    ),
    replies=(
        *USUAL.replies,
        "It would have left you in for most of the move and taken you out near the second pullback.",
        "Here is a version with half the words; the hook now comes first.",
        "It is wider than the average of the last week, but not unusual before the open.",
        "For a rough curve a few dozen answers do; for segments plan on several hundred.",
        "Then the breakout is less reliable; waiting for a retest costs little.",
        "Done. It now says what changes, for whom, and from when.",
        "The single worker that renders the reports; it has no queue in front of it.",
        "Seven mornings to a calmer inbox.",
        "It is the premium of the perpetual over the index, averaged over the interval, plus an interest part.",
        "Impressions; nothing that you decide depends on it.",
        "Less so, since a single order can move the average.",
        "The first is cheaper in the first year, the second from month fifteen on.",
        "One asks whether the means differ, the other whether the whole shapes do.",
        "The filing can, the shareholder agreement should not.",
        "Here it is with the adjectives gone and the verbs doing the work.",
        "Between half a percent and two percent, depending on volume.",
    ),
)
