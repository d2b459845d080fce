// swift-tools-version:5.7

import PackageDescription

let package = Package(
    name: "my-port",
    targets: [.executableTarget(name: "Port")]
)
