"""Which schema this program knows, and how a database says that it is ours."""

# The schema that this program reads and writes: the number of the newest revision in
# migrations/versions.
HEAD = "0008"

# Alembic's own table under our name: that it exists says that a database is ours, its row which
# schema it has.
VERSION_TABLE = "mledger_schema"

# What `file` and `PRAGMA application_id` show for an SQLite database of ours: "MLDG".
APPLICATION_ID = 0x4D4C4447
