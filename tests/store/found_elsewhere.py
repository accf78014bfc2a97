"""Classes of tampering that are not of the log's tables alone: what finds each, and the test that shows it."""

from __future__ import annotations

ELSEWHERE = {
    "a record that an index leaves out": (
        "orders",
        "tests.store.test_orders",
        "test_a_record_that_the_index_of_streams_leaves_out_is_found",
    ),
    "an index that leads elsewhere": (
        "orders",
        "tests.store.test_orders",
        "test_an_index_of_streams_that_leads_to_another_record_is_found",
    ),
    "an index that leaves one out on PostgreSQL": (
        "orders",
        "tests.store.test_orders",
        "test_a_record_that_an_index_leaves_out_is_found_on_postgresql",
    ),
    "a page of the log": (
        "database",
        "tests.store.test_orders",
        "test_a_damaged_page_of_the_log_is_told_as_that",
    ),
    "a page of a read model": (
        "read models",
        "tests.projections.test_damaged",
        "test_a_rebuild_makes_a_damaged_table_of_either_side_anew",
    ),
    "a trigger dropped": (
        "guards",
        "tests.store.test_guards_in_place",
        "test_every_trigger_and_index_that_is_dropped_is_named_and_put_back",
    ),
    "a trigger altered or added": (
        "guards",
        "tests.store.test_guards_in_place",
        "test_a_trigger_that_is_altered_or_added_on_sqlite_is_named",
    ),
    "a table made anew": (
        "guards",
        "tests.store.test_guards_in_place",
        "test_a_table_that_was_made_anew_without_its_constraint_is_named",
    ),
    "a guard disabled, a function replaced, a rule, a policy, a setting": (
        "guards",
        "tests.store.test_guards_in_place",
        "test_what_the_owner_does_to_the_guards_on_postgresql_is_named_with_the_step_that_undoes_it",
    ),
    "an insert swallowed": (
        "the append",
        "tests.store.test_guards_in_place",
        "test_an_append_of_which_a_row_is_swallowed_records_nothing_and_says_so",
    ),
    "a login forged": (
        "the guards",
        "tests.store.test_guards",
        "test_whoever_may_record_records_nothing_but_its_own_acts",
    ),
    "the row of the schema": (
        "every command",
        "tests.store.test_attacks",
        "test_a_table_of_the_schema_that_names_none_is_told",
    ),
    "an outcome that nobody decided": (
        "decisions",
        "tests.store.test_raw_outcomes",
        "test_a_raw_outcome_is_always_found",
    ),
    "rows of a read model edited, deleted, added": (
        "drift",
        "tests.projections.test_drift",
        "test_a_hand_edited_row_is_named_with_both_values",
    ),
    "a marker of the read models": (
        "the reader",
        "tests.projections.test_beyond",
        "test_a_marker_beyond_the_log_is_told_and_mended_by_a_rebuild",
    ),
    "a finding planted to hide an edited row": (
        "drift",
        "tests.projections.test_left_out",
        "test_a_finding_made_by_hand_hides_no_edited_row",
    ),
    "a suffix rewritten, sealed with another key": (
        "signatures",
        "tests.store.test_attacks",
        "test_a_suffix_rewritten_and_sealed_with_another_key_is_found_by_the_trusted_key",
    ),
    "a suffix rewritten, sealed with a stolen key": (
        "anchor",
        "tests.store.test_attacks",
        "test_a_suffix_rewritten_and_sealed_with_the_stolen_key_is_found_by_the_anchor_only",
    ),
    "a false record among the seals": (
        "seals, checkpoints",
        "tests.store.test_false_seals",
        "test_a_false_record_among_the_seals_is_found_without_a_key",
    ),
    "a perfect seal by another key": (
        "signatures",
        "tests.store.test_false_seals",
        "test_a_perfect_seal_by_another_key_is_found_by_the_trusted_key_alone",
    ),
    "a fork": (
        "sealing",
        "tests.store.test_attacks",
        "test_a_fork_sealed_on_an_old_copy_is_refused_by_the_anchor",
    ),
    "the anchor": (
        "anchor",
        "tests.store.test_attacks",
        "test_an_anchor_that_is_none_of_this_log_proves_nothing",
    ),
    "files, lines and columns of a bundle": (
        "verify.py",
        "tests.exports.test_bundle_attacks",
        "test_what_is_forged_is_found_and_named",
    ),
    "a file of a bundle more or less": (
        "verify.py",
        "tests.exports.test_bundle_attacks",
        "test_a_file_more_or_less_is_named",
    ),
    "a proof for a stranger": (
        "check-proof",
        "tests.commands.test_audit_evidence",
        "test_a_proof_that_was_changed_is_refused_and_says_why",
    ),
    "a signature of an approval": (
        "verify-signatures",
        "tests.proof.test_sshsig",
        "test_every_single_flipped_bit_of_a_signature_is_noticed",
    ),
}
