using System.Buffers.Binary;
using System.Globalization;

namespace SecureAgent.Channels.HyperV;

/// <summary>Addresses of Hyper-V sockets: SOCKADDR_HV of hvsocket.h, which is uint16 family, uint16 zero, the id of a
/// virtual machine and the id of a service.</summary>
internal static class HyperVAddress
{
    /// <summary>AF_HYPERV.</summary>
    public const ushort Family = 34;

    /// <summary>Size of an address in bytes.</summary>
    public const int SizeBytes = 36;

    private const int VmIdOffset = 4;
    private const int ServiceIdOffset = 20;
    private const int GuidSizeBytes = 16;

    /// <summary>Ids that stand for many machines, for none, or for this one (hvsocket.h).</summary>
    private static readonly Guid[] NotOneGuest =
    [
        Guid.Empty, // HV_GUID_WILDCARD, HV_GUID_ZERO
        new("ffffffff-ffff-ffff-ffff-ffffffffffff"), // HV_GUID_BROADCAST
        new("90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd"), // HV_GUID_CHILDREN
        new("e0e16197-dd56-4a10-9195-5ee7a155a838"), // HV_GUID_LOOPBACK
        new("a42e7cda-d03f-480c-9cc2-a4de20abb878"), // HV_GUID_PARENT
        new("36bd0c5c-7276-4223-88ba-7d03b654c568"), // HV_GUID_SILOHOST
    ];

    /// <summary>Whether an id is that of one virtual machine. Nothing else may be listened on: the agent would serve
    /// every machine on this host.</summary>
    public static bool IsOneGuest(Guid vmId) => !NotOneGuest.Contains(vmId);

    /// <summary>Id of the service that a Linux guest reaches on a port of AF_VSOCK (VSOCK template of
    /// hvsocket.h).</summary>
    public static Guid ServiceOf(uint port) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{port:x8}-facb-11e6-bd58-64006a7986d3"));

    /// <summary>Writes an address.</summary>
    /// <param name="address">Takes 36 bytes.</param>
    /// <param name="vmId">Id of the virtual machine.</param>
    /// <param name="serviceId">Id of the service.</param>
    public static void Write(Span<byte> address, Guid vmId, Guid serviceId)
    {
        address[..SizeBytes].Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(address, Family);
        vmId.TryWriteBytes(address[VmIdOffset..]);
        serviceId.TryWriteBytes(address[ServiceIdOffset..]);
    }

    /// <summary>Reads an address.</summary>
    /// <param name="address">36 bytes.</param>
    /// <exception cref="ArgumentException">It is too short.</exception>
    public static (Guid VmId, Guid ServiceId) Read(ReadOnlySpan<byte> address) => address.Length < SizeBytes
        ? throw new ArgumentException("A Hyper-V address has 36 bytes.", nameof(address))
        : (new Guid(address.Slice(VmIdOffset, GuidSizeBytes)), new Guid(address.Slice(ServiceIdOffset, GuidSizeBytes)));
}
