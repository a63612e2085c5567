"""All findings, in the words of the document, with the mends to undo; most dangerous first."""

from tests.undone import losses, strangers, studio, wrong

FINDINGS = (
    studio.LET_IN
    | strangers.LET_IN
    | losses.LOST
    | strangers.DOWN
    | studio.DOWN
    | wrong.WRONG
    | wrong.SURVIVED
    | wrong.UNKIND
)
