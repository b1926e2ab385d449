"""Upload handlers, one decision each, in the order in which ``FILE_UPLOAD_HANDLERS`` chains them.

``body`` parses the body with the rest of the chain and sees to it that an upload that ends early leaves nothing;
``limits`` says how much is taken; ``sniff`` what kind; ``progress`` tells how far it is; ``tiers`` keeps the bytes.
Each works in a chain without the others. Why a file or an upload was not taken is in ``uploads.received``.
"""
