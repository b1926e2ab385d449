"""The way of a picture: stage · cancel · replace · edit · preview · describe · discard · confirm · delete · sweep.

One function for each arrow, in the order of the path. Transactions wrap changes of rows only;
pictures and the bucket are worked on outside of them, and files go when the rows have.
Each change of a draft is one conditional ``UPDATE`` that finds it open, so that of two
requests at the same time exactly one wins.
"""

from uploads.lifecycle.adding import cancel, replace, require_room, stage, stage_again
from uploads.lifecycle.changing import describe, discard, edit, kept_frames, preview
from uploads.lifecycle.storing import confirm, delete
from uploads.lifecycle.sweeping import Swept, adopt, sweep

__all__ = [
    "Swept",
    "adopt",
    "cancel",
    "confirm",
    "delete",
    "describe",
    "discard",
    "edit",
    "kept_frames",
    "preview",
    "replace",
    "require_room",
    "stage",
    "stage_again",
    "sweep",
]
