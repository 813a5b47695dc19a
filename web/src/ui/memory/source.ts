/** Where in a chat something was said; without a message, the chat itself. */
export const placeOf = (sessionId: number, messageId: string | null) =>
  messageId ? `/chat/${sessionId}?message=${encodeURIComponent(messageId)}` : `/chat/${sessionId}`;
