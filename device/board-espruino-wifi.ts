// Joining Wi-Fi on Espruino WiFi, whose radio is a second chip that is spoken to in AT commands: a
// script of its own in front of the bundle, as board-wifi.ts is for boards with one chip.
//
// Its module has the same name and fewer functions: everything answers by callback, there is no
// `getHostByName`, `getDetails` or `setConfig`, and the options of `connect` must be there. So the
// host stays a name: the module hands it to the radio, which resolves it for each TCP connection;
// over UDP a name would become a broadcast, and this board takes MQTT only (two datagrams in one
// read make its socket deaf). The radio joins again by itself after a loss and says "connected";
// what it forgets the ladder finds, and `rejoin` turns the radio off and on: with its last mode
// gone the module drops the line that powers it. A command may take 10 s and joining 20 s more, so
// it is asked once a minute.

const config = NEXTBEAT;

function start(wifi: EspruinoWifi): void {
  function up() {
    config.host = config.name!;
    if (config.wake) config.wake("");
  }

  function join() {
    wifi.connect(config.ssid, { password: config.pass }, function (error) {
      if (!error) {
        if (config.ip) wifi.setIP({ ip: config.ip, gw: config.gw!, netmask: config.mask! }, up);
        else up();
      }
    });
  }

  function watch(): void {
    const wait = config.hold;
    config.hold = 0;
    setTimeout(watch, wait || 60000);
    if (!config.host && !wait) join();
  }

  config.rejoin = function () {
    config.host = "";
    wifi.disconnect(join);
  };
  wifi.on("connected", up);
  wifi.on("disconnected", function () {
    config.host = "";
  });
  setTimeout(watch, 0);
}

config.name = config.host;
config.host = "";
let wifi: EspruinoWifi | undefined;
try {
  wifi = require("Wifi");
} catch {
  print("nextbeat: this board has no Wi-Fi");
}
if (wifi) start(wifi);
