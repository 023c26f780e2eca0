using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>Where private keys live that a client added: in this process's memory and nowhere else.</summary>
public interface ISoftwareKeys
{
    /// <summary>Takes a copy of a private key.</summary>
    /// <param name="key">The key; the caller still disposes it.</param>
    /// <returns>Its private half; disposing it zeroes every trace of it.</returns>
    /// <exception cref="BackendException">It cannot be used here: private and public half do not belong together, a
    /// size that is not taken, or a type that the platform has no code for. The message says which.</exception>
    IHeldKey Hold(PrivateKey key);

    /// <summary>Zeroes every usable form of every key at once, so that only shielded ones are left; the next signature
    /// makes a usable form again.</summary>
    void Shield();
}
