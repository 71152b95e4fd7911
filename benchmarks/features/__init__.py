"""What libraries that mix greenlets and asyncio can do: one probe for each row of the README's table."""
