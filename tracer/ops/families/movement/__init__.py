"""Operations that copy elements to other places."""
