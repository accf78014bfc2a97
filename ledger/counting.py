"""Numbers of things in words."""


def how_many(number: int, thing: str, things: str = "") -> str:
    """A number of things as people read it: "1 day", "4 days", "1,200 entries"; `things` where no s is put behind."""
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"


def in_days(count: int) -> str:
    """A number of days in words: "1 day", "4 days"."""
    return how_many(count, "day")
