"""Every call of the ledger, or its sums, in the formats of other programs: one file a format."""
