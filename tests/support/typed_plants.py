"""What people type that is data: the text, and a part of it that nobody may read back."""

from tests.support.fakes.sources import FakeMemory

KEY = "sk-ant-api03-Zq4Vx9Lm2Kc7Rt5Yb8Nd1Pw6Hs3Jf0"
PLANTS = {
    "a key": (KEY, "Zq4Vx9Lm"),
    "a key behind its name": (f"api_key={KEY}", "Zq4Vx9Lm"),
    "an address": ("lova.sandberg@skola.example", "sandberg"),
    "a quoted text": ("'Skogen var mörk'", "Skogen var"),
    "a name": ("elev=Sandberg", "Sandberg"),
    "a mention": ("<@U0LOVA0SA>", "<@U0"),
    "a channel": ("<!channel>", "<!channel"),
    "a fence": ("``` <!here> ```", "<!here"),
    "a long one": (f"{'Zq4Vx9Lm2Kc7' * 340}", "Zq4Vx9Lm2Kc7Zq4Vx9Lm2Kc7"),
    "reversed": ("\u202egrebdnaS avoL", "\u202e"),
    "a terminal code": ("\x1b[31mred\x07", "\x1b"),
}


class Remembering(FakeMemory):
    """Remembers what is typed; what an answer offers with it is not looked up here."""
