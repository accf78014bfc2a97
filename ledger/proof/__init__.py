"""Evidence that strangers can check: Merkle trees, signed notes, checkpoints, proofs. Bytes in, bytes out.

`merkle` is RFC 6962, `notes` C2SP signed-note, `checkpoints` C2SP tlog-checkpoint, `proofs` C2SP tlog-proof, and
`heads` the tree over the ends of all streams, which is ours (docs/tamper-evidence.md).
"""
