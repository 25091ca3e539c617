"""What Gemini's errors mean, where the shared tables would read them otherwise."""

from adapters.signals import Signal
from core.faults import Fault

SIGNALS = (
    # A key that is no key comes as a 400.
    Signal(
        Fault.BAD_CREDENTIAL,
        codes=(
            "API_KEY_INVALID",
            "API_KEY_EXPIRED",
            "API_KEY_SERVICE_BLOCKED",
            "API_KEY_HTTP_REFERRER_BLOCKED",
            "API_KEY_IP_ADDRESS_BLOCKED",
            "CONSUMER_INVALID",
            "CONSUMER_SUSPENDED",
            "SERVICE_DISABLED",
        ),
    ),
    Signal(Fault.BAD_CREDENTIAL, "api key not valid|api key expired", statuses=(400,)),
    Signal(Fault.OUT_OF_CREDIT, codes=("BILLING_DISABLED",)),
    Signal(Fault.OUT_OF_CREDIT, "billing", codes=("FAILED_PRECONDITION",)),
    Signal(Fault.BAD_CREDENTIAL, "location is not supported", codes=("FAILED_PRECONDITION",)),
    Signal(Fault.CONTEXT_LENGTH, r"token count.{0,40} exceeds the maximum number of tokens", statuses=(200, 400)),
    Signal(Fault.OVERLOADED, codes=("UNAVAILABLE",)),
    Signal(Fault.TIMEOUT, codes=("DEADLINE_EXCEEDED",)),
    Signal(Fault.BROKEN, codes=("INTERNAL",)),
    # What one model can't do another may: signatures of another model's thoughts, kinds of media, modes.
    Signal(Fault.UNSUPPORTED, r"thought.?signature", statuses=(400,)),
    Signal(
        Fault.UNSUPPORTED,
        r"unsupported mime type|is not (?:enabled|supported) (?:for|by|in) (?:this model|models/)|is unsupported",
        statuses=(400,),
    ),
)
