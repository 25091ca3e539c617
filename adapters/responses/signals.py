"""What OpenAI calls its failures, where the status doesn't say: inside of answers, and of either endpoint."""

from adapters.signals import Signal
from core.faults import Fault

SIGNALS = (
    # Its thoughts were made for another organisation or model; a provider that never saw them may go on without.
    Signal(Fault.UNSUPPORTED, codes=("invalid_encrypted_content", "data_residency_mismatch")),
    Signal(
        Fault.CONTENT_POLICY,
        codes=("bio_policy", "image_content_policy_violation", "invalid_prompt", "misalignment_policy_violation"),
    ),
    Signal(
        Fault.BAD_REQUEST,
        codes=(
            "empty_image_file",
            "failed_to_download_image",
            "image_file_not_found",
            "image_file_too_large",
            "image_parse_error",
            "image_too_large",
            "image_too_small",
            "invalid_base64_image",
            "invalid_image",
            "invalid_image_format",
            "invalid_image_mode",
            "invalid_image_url",
            "unsupported_image_media_type",
        ),
    ),
    Signal(Fault.OVERLOADED, codes=("server_is_overloaded",)),
    Signal(Fault.RATE_LIMITED, statuses=(200, 429), codes=("slow_down",)),
    Signal(Fault.TIMEOUT, codes=("vector_store_timeout",)),
)
