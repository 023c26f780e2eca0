using System.Security.Cryptography;

namespace SecureAgent.Backends.Tpm;

/// <summary>The Names of storage keys that proved themselves: in this connection, and on disk where there is an
/// <see cref="ITpmNamePin"/>.</summary>
internal sealed class TpmParentNames
{
    private readonly ITpmNamePin? _pin;
    private readonly Dictionary<TpmParent, byte[]> _names = [];

    /// <summary>Starts with what <paramref name="pin"/> remembers.</summary>
    public TpmParentNames(ITpmNamePin? pin) => _pin = pin;

    /// <summary>What a person removes to have a new TPM remembered.</summary>
    public string Place => _pin?.Place ?? "its key files";

    /// <summary>Whether <paramref name="name"/> is the remembered one, or none is remembered. The null hierarchy has
    /// another storage key after each restart; nothing is remembered of it.</summary>
    public bool Allow(TpmParent parent, byte[] name)
    {
        if (parent.Handle == TpmParent.NullHandle)
        {
            return true;
        }

        byte[]? remembered = _names.GetValueOrDefault(parent) ?? _pin?.Load(parent);
        return remembered is null || CryptographicOperations.FixedTimeEquals(remembered, name);
    }

    /// <summary>Remembers a Name that was allowed and has proved itself.</summary>
    public void Remember(TpmParent parent, byte[] name)
    {
        if (parent.Handle != TpmParent.NullHandle && _names.TryAdd(parent, name) && _pin?.Load(parent) is null)
        {
            _pin?.Store(parent, name);
        }
    }
}
