namespace SecureAgent.Core;

/// <summary>The lasting record of what keys were used for.</summary>
public interface IAuditLog
{
    /// <summary>Takes one record. Returns at once, never throws, and loses nothing while the disk takes it.</summary>
    void Write(AuditRecord record);

    /// <summary>Why no key may be used now: records cannot be kept, and the configuration says that nothing may happen
    /// without one. <see langword="null"/> otherwise.</summary>
    string? Blocked { get; }
}
