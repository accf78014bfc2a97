"""The kinds of invoice: of a Chinese fapiao the special, the general and the fully electronic; elsewhere commercial."""

KINDS = ("special-vat", "general-vat", "electronic", "commercial")
