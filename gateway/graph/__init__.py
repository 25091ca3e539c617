"""/graphql: operations of GraphQL, whichever way they come."""
