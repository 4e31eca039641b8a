"""How people word short requests, and the demo's replies to the fixed ones."""

from __future__ import annotations

from training.lexicon import listed


def _alternatives(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


NUMBERS = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
# Fixed phrases; the first is the one-word answer.
SAYINGS = {
    "hello|hi|a greeting|something nice|hello to me": (
        "Hello!",
        "Hello there!",
        "Hello, my friend!",
        "Hello, how are you?",
        "Hello, nice to meet you!",
        "Hello, how can I help you?",
    ),
    "goodbye|bye|farewell": (
        "Goodbye!",
        "Goodbye, friend!",
        "Goodbye, my friend!",
        "Goodbye, see you soon!",
        "Goodbye, have a nice day!",
        "Goodbye, and see you very soon!",
    ),
    "thank you|thanks": (
        "Thanks!",
        "Thank you!",
        "Thank you, friend!",
        "Thank you very much!",
        "Thank you for your help!",
        "Thank you very much, my friend!",
    ),
    "a word|something|anything": (
        "Hello!",
        "Hello there!",
        "I am here.",
        "I am here, friend.",
        "I am a small model.",
        "I am a small demo model.",
    ),
}
SAY = ("Say {}", "Please say {}", "Can you say {}", "Just say {}", "Write {}", "Reply with {}")
LENGTHS = (
    "in exactly {} {}",
    "in {} {}",
    "using exactly {} {}",
    "with {} {}",
    "in just {} {}",
    "using only {} {}",
    "- exactly {} {}",
)
ONLY = (
    "Reply with just the {}.",
    "Reply with only the {}.",
    "Just the {}.",
    "Only the {}, please.",
    "Answer with just the {}.",
    "Reply with only the {} and nothing else.",
    "Give me just the {}.",
)
LISTS = {
    "fruits": listed("apples pears plums grapes lemons oranges cherries melons"),
    "colors": listed("red blue green yellow black white orange purple"),
    "animals": listed("cat dog horse cow bird fish sheep mouse"),
    "numbers": listed("1 2 3 4 5 6 7 8"),
    "letters": listed("A B C D E F G H"),
    "names": listed("Anna Ben Clara David Emma Felix Grace Henry"),
    "days": listed("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    "months": listed("January February March April May June July August"),
    "cities": listed("Paris London Berlin Rome Madrid Vienna Oslo Tokyo"),
    "vegetables": listed("carrots onions beans peas potatoes tomatoes spinach cabbage"),
}
# {n} a noun, {w} other words, {d} a number.
TASKS = _alternatives(
    "Write a {n} about {w}|Explain {w}, step by step and at length|What is the {n} of {w}|"
    "Describe this {n} in one word|Tell me a joke about {w}|Give me the {n} of a joke about {w}|"
    "The {n} of {w} is which {n}|Who wrote '{w}'|Summarize this {n}: {w}|What is the {n} for {w}|"
    "How many {n} are in a {w}|Write {d} {n} about {w}. Only include the {n}|Invent a {n}|"
    "Which {n} is the {w}|Fix the {n} in {w}|Is {w} a {n}|Why does {w} need a {n}|"
    "Compare {w} and {n}|Give me {d} reasons for {w}|Continue: {w} {n} {w}|Write code for {w}|"
    "What do you know about {w}|What is your favourite {n}|Can you find a {n} for {w}|"
    "I need a {n} that can {w}|Should I {w} my {n}|When does the {n} {w}|Do you like {w}|"
    "You are working on a {n}. {w} fails. Find the {n} and reply {w} when it is done|"
    "// Write a function to {w} the {n}.\nfunction {w}(n) {{|def {w}({n}):|"
    "Find all {n} $x$ with $x^{d} + {w} = y$|Determine the {n} of ${w}(x)$|{w}|{w} {n}|"
    "{w}, {n}, {w}"
)
SUFFIXES = (
    "Reply with one word.",
    "Answer in one sentence.",
    "Reply with just the name.",
    "Reply with just the city.",
    "Surname only.",
    "Be brief.",
    "Explain why.",
    "Reply with the {} only.",
    "Answer in exactly one word.",
    "Please.",
)
ECHO = (
    "Reply with exactly this word and nothing else: {}",
    "Output exactly this and nothing else: {}",
    "Repeat this word exactly and nothing else: {}",
    "Say exactly: {}",
    "Repeat this sentence exactly, word for word: {}",
    "Repeat this text exactly, nothing else: {}",
    "Reply with the word {}",
    "Reply with the word {}.",
    "Reply with the single word {}.",
    "Reply with just {}",
    "Reply with only {}.",
    "Answer with {}",
    "Respond with {}",
    'Respond with "{}"',
    "Say the word {}",
    "Say the word {}.",
    "Just say {}",
    "Say only {}",
    "say {}",
    "Write the word {}.",
    "Type {}",
    "Return {} and nothing else.",
    "Please reply with '{}'.",
    "Answer only with the word {}.",
)
