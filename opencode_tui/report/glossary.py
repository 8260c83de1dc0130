"""What the glyphs and the words on the screens mean, for the help."""

from __future__ import annotations

GLYPHS = (
    ("●", "calm, or a session that is active"),
    ("○", "a session without a call in the last two minutes"),
    ("•", "a notice: something that is worth a look"),
    ("▲", "past the warning, or a store that needs a look"),
    ("■", "past the cutoff"),
    ("↱", "a fork: what it copied is not counted again"),
    ("□", "a session that is archived in OpenCode"),
    ("✕", "deleted in OpenCode; its money stays spent"),
    ("▼ ▲", "the column that the rows are sorted by: highest first, lowest first"),
    ("! !!", "a high and a very high day, by [chart] in config.toml; in History ! is a week over its target"),
    ("∘", "a day whose calls cost nothing; · is one without calls"),
    ("░▒▓█", "what a day cost, from the least to the most, as the line below the year says"),
    ("▁▂▄▇", "what a session spent from its start to its last call"),
)
WORDS = (
    ("own, total", "what a session's own calls cost; the same with all its subagents (Sub)"),
    ("copied", "calls that a fork repeats: another session paid for them, so they count once"),
    ("inherited", "what a fork's copied calls cost where they were made"),
    ("undone", "taken back in OpenCode; its money stays spent"),
    ("list price", "what calls that OpenCode recorded as $0 would have cost; never added to what is spent"),
    ("≥", "at least so much: something could not be read, or is not read yet"),
    ("≤", "at most so much: some of what it counts may have been needed"),
    ("at least", "calls were cut off, and billed unseen"),
    ("not guarded", "the guard is not installed, so nothing stops OpenCode at the cutoff"),
    ("lifted", "the guard lets all calls pass until the time that is named"),
    ("raised", "the guard holds a higher cutoff, for today only"),
    ("$0.42/h", "what was spent in the last 60 minutes"),
    ("▲ 18:03", "when the warning is crossed at this rate, in a header without room for the word; ■ the cutoff"),
    ("on pace", "at this rate the week's target holds"),
    ("Ctx", "how much of the model's context is full"),
    ("seen", "off the banner; it stays in the list of Why, and u takes it back"),
    ("snoozed", "off the banner for an hour, with new alerts of its kind"),
    ("acknowledged", "dealt with: no snooze brings it back, u does"),
)
