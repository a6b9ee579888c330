"""GraphQL machinery, tested without a player."""
