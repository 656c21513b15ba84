"""What rerankers read of a candidate."""


def candidate_text(title: str, text: str) -> str:
    """Joins title and text, as documents that encoders read are joined."""
    return f"{title}\n{text}" if text else title
