namespace Sluice.Session;

/// <summary>A message that the protocol does not allow: a bad header, a field out of bounds, descriptors where none belong.</summary>
public sealed class ProtocolException(string message) : IOException(message);
