using SecureAgent.Channels.HyperV;

namespace SecureAgent.Tests.Channels.HyperV;

public sealed class HyperVAddressTests
{
    [Fact]
    public void Address_is_that_of_hvsocket_h()
    {
        byte[] address = new byte[36];
        HyperVAddress.Write(
            address, new Guid("00112233-4455-6677-8899-aabbccddeeff"), HyperVAddress.ServiceOf(0x22223333));

        // Family, reserved, and two GUIDs as Windows lays them out: uint32, two uint16, eight bytes.
        byte[] expected =
        [
            34, 0, 0, 0,
            0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
            0x33, 0x33, 0x22, 0x22, 0xcb, 0xfa, 0xe6, 0x11, 0xbd, 0x58, 0x64, 0x00, 0x6a, 0x79, 0x86, 0xd3,
        ];
        Assert.Equal(expected, address);
        (Guid vm, Guid service) = HyperVAddress.Read(address);
        Assert.Equal(new Guid("00112233-4455-6677-8899-aabbccddeeff"), vm);
        Assert.Equal(new Guid("22223333-facb-11e6-bd58-64006a7986d3"), service);
        Assert.Throws<ArgumentException>(() => HyperVAddress.Read(address.AsSpan(0, 35)));
    }

    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("ffffffff-ffff-ffff-ffff-ffffffffffff")]
    [InlineData("90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd")]
    [InlineData("e0e16197-dd56-4a10-9195-5ee7a155a838")]
    [InlineData("a42e7cda-d03f-480c-9cc2-a4de20abb878")]
    [InlineData("36bd0c5c-7276-4223-88ba-7d03b654c568")]
    public void Ids_of_more_or_less_than_one_machine_are_known(string id)
    {
        Assert.False(HyperVAddress.IsOneGuest(new Guid(id)));
        Assert.True(HyperVAddress.IsOneGuest(new Guid("00112233-4455-6677-8899-aabbccddeeff")));
    }
}
