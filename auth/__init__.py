"""Who, may they, who did: identity, permissions, policy, audit. Knows no GraphQL and no vendor."""
