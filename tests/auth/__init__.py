"""Who is asking, may they, who did."""
