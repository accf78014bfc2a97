"""decide: (state, intent, context) → events, or a refusal by a named rule. One module per capability."""
