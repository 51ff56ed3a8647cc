"""Wordings of a planted history by a third author, written without sight of how recall works; nothing is tuned on them."""

from benchmarks.memory_history import CITIES, COLOURS, PEOPLE, PETS, USUAL, Wordings

_NONE = [""]

THIRD = Wordings(
    facts=(
        (
            ("Our accountant, {}, wants the invoices by the fifth.", "I'll ask {}, our accountant, about that."),
            ("Who does our accounts?", "What is our accountant's name?"),
            PEOPLE,
        ),
        (
            ("We got a cat last year. She's called {}.", "{} (the cat) just walked over the keyboard, sorry."),
            ("What's the cat's name?", "How is our cat called?"),
            PETS,
        ),
        (
            ("I'm writing from {}, where our head office is.", "Head office is in {}, so CET hours please."),
            ("Where is our head office?", "In which city is the company based?"),
            CITIES,
        ),
        (
            ("My wife's name is {}; she reads these drafts too.", "My wife {} thinks the logo is too loud."),
            ("What is my wife called?", "Who am I married to?"),
            PEOPLE,
        ),
        (
            ("My mum still lives in {}, I call her on Sundays.", "I'm off to {} to see my mother."),
            ("Where does my mother live?", "Which city is my mum in?"),
            CITIES,
        ),
        (
            ("I started out with {} euros in the account.", "The account began with a deposit of {} euros."),
            ("How much money did I start trading with?", "What was my starting capital?"),
            ["4,000", "7,500", "12,000", "18,500", "25,000", "31,000"],
        ),
        (
            ("I never risk more than {} percent on one trade.", "My rule is {} percent risk per position, at most."),
            ("What is my risk limit per trade?", "How much of the account do I risk at once?"),
            ["0.5", "0.75", "1", "1.25", "1.5", "2"],
        ),
        (
            ("We are {} people in the team at the moment.", "The team has {} people, me included."),
            ("How big is our team?", "How many people work with me?"),
            ["four", "six", "seven", "nine", "eleven", "fourteen"],
        ),
        (
            ("Our newsletter goes out to {} readers.", "The mailing list is at {} subscribers."),
            ("How many subscribers do we have?", "How large is our mailing list?"),
            ["1,150", "2,300", "4,800", "9,200", "15,600"],
        ),
        (
            ("{} from legal has to sign everything off.", "Legal is {}, nothing is published before she agrees."),
            ("Who has to approve what we publish?", "Who is my contact in legal?"),
            PEOPLE,
        ),
        (
            ("I'm allergic to {}, that's why I ask about the menu.", "No {} for me, I'm allergic."),
            ("What am I allergic to?", "Which food can't I eat?"),
            ["shellfish", "walnuts", "sesame", "celery", "lupin", "mustard"],
        ),
        (
            ("My son {} does the packaging at weekends.", "{}, my son, built the first website."),
            ("What is my son's name?", "How is my boy called?"),
            PEOPLE,
        ),
        (
            ("Our brand colour is {}, with a lot of white.", "We print everything in {}, that's the brand."),
            ("What's the colour of our brand?", "Which colour do we use in print?"),
            COLOURS,
        ),
        (
            ("We sell {}, mostly online.", "The shop sells {}, in case that isn't clear."),
            ("What does our shop sell?", "What are our products?"),
            ["hand-thrown mugs", "refurbished bicycles", "loose-leaf tea", "leather belts", "beeswax candles"],
        ),
        (
            ("I did my degree in {} years ago.", "I have a degree in {}, not in business."),
            ("What did I study?", "Which subject is my degree in?"),
            ["chemistry", "law", "music", "geography", "statistics", "theology"],
        ),
        (
            ("The cold wallet is a {}, kept in the safe.", "I keep most coins on a {}."),
            ("Which hardware wallet do I have?", "What do I store my coins on?"),
            ["Trezor Safe 3", "Ledger Nano X", "BitBox02", "Coldcard Mk4", "Keystone Pro"],
        ),
    ),
    preferences=(
        (
            (
                "I mostly trade {}.",
                "{} is what I trade.",
                "I've given that up and trade {} now.",
                "Change of plan: from now on I trade {}.",
            ),
            ("Which coin do I trade?", "What do I trade?"),
            ["Solana", "Chainlink", "Litecoin", "Avalanche", "Polkadot", "Monero"],
        ),
        (
            (
                "Please answer me in {}.",
                "I'd like your answers in {}.",
                "On second thought, answer in {} from now on.",
                "Switch your answers to {} please.",
            ),
            ("How do I want your answers?", "In what form should you answer me?"),
            ["bullet points", "short paragraphs", "a table", "one sentence", "numbered steps"],
        ),
        (
            (
                "I look at the {} chart first.",
                "My main timeframe is the {}.",
                "I have moved up to the {} as my main timeframe.",
                "My main timeframe has changed, it's the {} now.",
            ),
            ("What is my main timeframe?", "Which timeframe do I work on?"),
            ["15-minute", "hourly", "4-hour", "daily", "weekly"],
        ),
        (
            (
                "We do our e-mail with {}.",
                "{} sends our newsletters.",
                "We left them, {} sends our newsletters now.",
                "Our newsletters have moved over to {}.",
            ),
            ("What do we send our newsletters with?", "Which tool sends our e-mails?"),
            ["Mailchimp", "Brevo", "MailerLite", "Klaviyo", "Buttondown"],
        ),
        (
            (
                "Our best channel is {}.",
                "Most customers find us through {}.",
                "It has turned around: most customers find us through {} now.",
                "By now our best channel is {} instead.",
            ),
            ("What is our best channel?", "How do most customers find us?"),
            ["Instagram", "Pinterest", "word of mouth", "Google search", "trade fairs"],
        ),
        (
            (
                "I start work at {}.",
                "My day begins at {}.",
                "My hours changed, I start at {} these days.",
                "As of this week my day begins at {}.",
            ),
            ("When do I start work?", "At what time does my day begin?"),
            ["6:30", "7:15", "8:00", "9:30", "10:00"],
        ),
        (
            (
                "We want to launch in {}.",
                "The launch is planned for {}.",
                "We've postponed, the launch is in {} now.",
                "The launch has been moved to {}.",
            ),
            ("When is the launch?", "Which month do we launch in?"),
            ["August", "September", "October", "November", "January"],
        ),
        (
            (
                "The budget for ads is {} a month.",
                "We spend {} a month on ads.",
                "We've changed the ad budget to {} a month.",
                "From next month we spend {} on ads.",
            ),
            ("What is our monthly ad budget?", "How much do we spend on advertising?"),
            ["300 euros", "650 euros", "900 euros", "1,400 euros", "2,000 euros"],
        ),
        (
            (
                "{} takes care of our website.",
                "The website is done by {}.",
                "{} has taken over the website.",
                "It's {} who looks after the website now.",
            ),
            ("Who takes care of our website?", "Who should I ask about the website?"),
            PEOPLE,
        ),
        (
            (
                "I exercise by {}.",
                "I keep fit with {}.",
                "I have swapped that for {} to keep fit.",
                "Now it's {} that keeps me fit.",
            ),
            ("How do I keep fit?", "What do I do for exercise?"),
            ["rowing", "long walks", "boxing", "pilates", "bouldering"],
        ),
    ),
    contradictions=(
        (
            ("We have no investors, it's all our own money.", "One of our investors asked about margins."),
            "Do we have investors?",
        ),
        (("I don't drink coffee.", "I'm on my third coffee today, so be brief."), "Do I drink coffee?"),
        (
            ("The patent was granted in 2021.", "Our patent is from 2023 if I remember well."),
            "When did we get the patent?",
        ),
        (("I never use leverage.", "My leverage is usually three to one."), "Do I trade with leverage?"),
        (
            ("We ship to the whole of Europe.", "Outside of Germany we don't ship at all."),
            "Where do we ship to?",
        ),
        (("I'm an only child.", "My older brother warned me about that coin."), "Do I have siblings?"),
    ),
    events=(
        ("{} resigned today, I did not see it coming.", "Who resigned {}?", PEOPLE),
        ("I had a call with the supplier in {} today.", "Which supplier did I call {}?", CITIES),
        ("Today I closed the {} position with a small loss.", "Which position did I close {}?",
         ["Solana", "Chainlink", "Litecoin", "Avalanche", "Polkadot", "Monero"]),
        ("We hired {} today for the warehouse.", "Who did we hire {}?", PEOPLE),
        ("Our site was down for two hours today.", "When was our site down?", _NONE),
        ("I handed in the tax return today, finally.", "When did I do my taxes?", _NONE),
        ("Today we had the first sale from abroad!", "When did we first sell something abroad?", _NONE),
        ("{} came by today to fix the kiln.", "Who repaired the kiln {}?", PEOPLE),
    ),
    chatter=(
        *USUAL.chatter,
        "{person} and {person} disagree about the budget, as always.",
        "What is a sensible stop for a swing trade?",
        "Does anybody still read newsletters in {city}?",
        "My friend {person} trades on the hourly chart only.",
        "Could you make the tone a little friendlier?",
        "I read that a team of nine is too big for one table.",
        "{person} launched a shop in {city} and it went nowhere.",
        "Is it worth paying for ads at all?",
        "Which is better for a beginner, a hot or a cold wallet?",
        "An accountant from {city} wrote to me out of the blue.",
        "Summarise what we have so far.",
        "How do others price their {food} stands?",
    ),
    replies=(
        *USUAL.replies,
        "For most shops search and referrals beat paid ads in the first year.",
        "A stop of one and a half average true ranges is common.",
        "Here is the friendlier version.",
        "So far: the audience, the offer and two open questions on price.",
    ),
)  # fmt: skip
